"""Text that becomes part of a message's head: each row breaks exactly what it names."""

import pytest

from tulle.api.header_rules import check_authority, check_header_match, check_headers, check_plain_text, sets_host
from tulle.api.networking.virtual_service import HeaderOperations, Headers

AT = ("spec",)


@pytest.mark.parametrize("name", ["", "b c", "a:", "ä", "::path"])
def test_a_header_to_match_must_have_a_name(name: str) -> None:
    ((path, message),) = check_header_match(name, AT)
    assert path == AT
    assert repr(name) in message


@pytest.mark.parametrize("name", [":method", "x-a", "X_b.c"])
def test_names_of_headers_and_of_pseudo_headers_can_be_matched(name: str) -> None:
    assert list(check_header_match(name, AT)) == []


@pytest.mark.parametrize("text", ["a\rb", "a\nb", "a\0b"])
def test_line_breaks_and_nul_are_refused(text: str) -> None:
    assert [finding[0] for finding in check_plain_text(text, AT)] == [AT]


@pytest.mark.parametrize(("text", "good"), [("a.b:80", True), ("[::1]:80", True), ("a b", False), ("a/b", False)])
def test_an_authority_is_a_host_with_or_without_a_port(text: str, good: bool) -> None:
    assert (not list(check_authority(text, AT))) is good


ROWS = [
    (HeaderOperations(set={"a": "100%"}), ("set", "a")),
    (HeaderOperations(add={"a": "%REQ(x"}), ("add", "a")),
    (HeaderOperations(set={"a": "x\r\nb: c"}), ("set", "a")),
    (HeaderOperations(set={":path": "/"}), ("set", ":path")),
    (HeaderOperations(add={":method": "GET"}), ("add", ":method")),
    (HeaderOperations(set={"Host": "a b"}), ("set", "Host")),
    (HeaderOperations(set={"b c": "d"}), ("set", "b c")),
    (HeaderOperations(remove=("a", "host")), ("remove", 1)),
    (HeaderOperations(remove=(":authority",)), ("remove", 0)),
    (HeaderOperations(remove=("",)), ("remove", 0)),
]


@pytest.mark.parametrize(("operations", "path"), ROWS)
def test_an_operation_that_proxies_refuse_is_named(operations: HeaderOperations, path: tuple[str | int, ...]) -> None:
    (finding,) = check_headers(Headers(request=operations), AT)
    assert finding[0] == (*AT, "request", *path)


def test_a_response_has_no_host() -> None:
    headers = Headers(request=HeaderOperations(set={"host": "a"}), response=HeaderOperations(set={"host": "a"}))
    assert [finding[0] for finding in check_headers(headers, AT)] == [(*AT, "response", "set", "host")]
    assert list(check_headers(None, AT)) == []


def test_operators_and_doubled_signs_are_formats() -> None:
    values = {"a": "100%%", "b": "%REQ(:path):10% and %PROTOCOL%", "c": "%DOWNSTREAM_REMOTE_ADDRESS%%%"}
    assert list(check_headers(Headers(request=HeaderOperations(set=values)), AT)) == []


def test_what_is_refused_comes_with_what_to_do() -> None:
    operations = HeaderOperations(set={"a": "5%", ":path": "/"})
    hints = [finding[2:] for finding in check_headers(Headers(request=operations), AT)]
    assert hints == [("write %% for a plain %",), ("rewrite.uri sets the path",)]


@pytest.mark.parametrize(("name", "expected"), [("Host", True), (":authority", True), ("x-host", False)])
def test_the_host_has_two_names(name: str, expected: bool) -> None:
    assert sets_host(name) is expected
