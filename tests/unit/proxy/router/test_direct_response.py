"""Direct responses."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.route_tables import info_of, match, problems_of, request, table_of
from tulle.proxy.router.route import DIRECT_RESPONSE, Route


def _route(answer: dict[str, Any]) -> Route:
    found = match(table_of({"match": {"prefix": "/"}, "direct_response": answer}), request())
    assert found is not None
    assert found.kind == DIRECT_RESPONSE
    return found


def _body(answer: dict[str, Any]) -> bytes:
    response = _route({"status": 200, **answer}).direct_response
    assert response is not None
    return response.body


def test_bodies_come_from_text_bytes_files_and_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "body"
    file.write_bytes(b"from a file")
    monkeypatch.setenv("ROUTER_TEST_BODY", "from the environment")
    assert _body({}) == b""
    assert _body({"body": {"inline_string": "häh"}}) == "häh".encode()
    assert _body({"body": {"inline_bytes": "AAH/"}}) == b"\x00\x01\xff"
    assert _body({"body": {"filename": str(file)}}) == b"from a file"
    assert _body({"body": {"environment_variable": "ROUTER_TEST_BODY"}}) == b"from the environment"


@pytest.mark.parametrize(
    ("status", "location"), [(200, None), (201, b"http://h/a?q"), (301, b"http://h/a?q"), (503, None)]
)
def test_statuses_that_want_a_location_get_the_urls_of_their_requests(status: int, location: bytes | None) -> None:
    headers = request("/a?q")
    found = _route({"status": status})
    assert found.direct_response is not None
    assert found.direct_response.has_location is (location is not None)
    answer = found.redirect(headers, info_of(headers))
    assert (answer and (answer.status, answer.location)) == (location and (status, location))


def _problems(body: dict[str, Any], **of_table: Any) -> dict[str, str]:
    routes = [{"match": {"prefix": "/"}, "direct_response": {"status": 200, "body": body}}]
    return problems_of({"virtual_hosts": [{"name": "v", "domains": ["*"], "routes": routes}], **of_table})


def test_a_body_has_4096_bytes_at_most_unless_the_table_says_otherwise() -> None:
    at = "virtual_hosts[0].routes[0].direct_response.body"
    assert _problems({"inline_string": "x" * 4096}) == {}
    assert _problems({"inline_string": "x" * 4097}) == {at: "response body size is 4097 bytes; maximum is 4096"}
    assert _problems({"inline_string": "x" * 4097}, max_direct_response_body_size_bytes=5000) == {}
    assert set(_problems({"inline_string": "12"}, max_direct_response_body_size_bytes=1)) == {at}


def test_a_body_that_is_not_there_is_named() -> None:
    at = "virtual_hosts[0].routes[0].direct_response.body."
    assert set(_problems({"filename": "/nonexistent/body"})) == {at + "filename"}
    assert set(_problems({"environment_variable": "ROUTER_TEST_NOT_SET"})) == {at + "environment_variable"}
