"""Header edits of one level; the expected values were found with Envoy 1.40."""

from typing import Any

import pytest

from tests.support.route_tables import edited, info_of, match, request, route, route_problems, table_of
from tulle.proxy.headers import Headers
from tulle.proxy.router.header_edits import build_text

OVERWRITE = "OVERWRITE_IF_EXISTS_OR_ADD"


def _add(key: str, value: str, action: str | None = None, **more: Any) -> dict[str, Any]:
    return {"header": {"key": key, "value": value}, **({"append_action": action} if action else {}), **more}


def _edited(*additions: dict[str, Any], remove: tuple[str, ...] = (), fields: Any = ()) -> Headers:
    routes = table_of({**route(), "request_headers_to_add": list(additions), "request_headers_to_remove": list(remove)})
    return edited(routes, request(fields=fields))


def test_removal_comes_before_addition() -> None:
    headers = _edited(_add("X-Back", "new"), remove=("X-Back", "x-gone"), fields=[("x-back", "old"), ("x-gone", "1")])
    assert headers.values_of(b"x-back") == [b"new"]
    assert b"x-gone" not in headers


@pytest.mark.parametrize(
    ("action", "present", "absent"),
    [
        ("APPEND_IF_EXISTS_OR_ADD", [b"q", b"r"], [b"r"]),
        ("ADD_IF_ABSENT", [b"q"], [b"r"]),
        ("OVERWRITE_IF_EXISTS_OR_ADD", [b"r"], [b"r"]),
        ("OVERWRITE_IF_EXISTS", [b"r"], []),
    ],
)
def test_each_append_action(action: str, present: list[bytes], absent: list[bytes]) -> None:
    assert _edited(_add("x", "r", action), fields=[("x", "q")]).values_of(b"x") == present
    assert _edited(_add("x", "r", action)).values_of(b"x") == absent


def test_the_old_append_flag_still_counts() -> None:
    assert _edited(_add("x", "r", append=False), fields=[("x", "q")]).values_of(b"x") == [b"r"]
    assert _edited(_add("x", "r", append=True), fields=[("x", "q")]).values_of(b"x") == [b"q", b"r"]


def test_headers_of_one_line_are_joined() -> None:
    headers = _edited(_add("user-agent", "b"), _add("user-agent", "c"), _add("x", "1"), _add("x", "2"))
    assert headers.values_of(b"user-agent") == [b"b,c"]
    assert headers.values_of(b"x") == [b"1", b"2"]


def test_overwriting_comes_before_adding() -> None:
    headers = _edited(_add("x", "app"), _add("x", "over", OVERWRITE), fields=[("x", "q")])
    assert headers.values_of(b"x") == [b"over", b"app"]


def test_all_values_are_made_before_the_first_is_put_in() -> None:
    headers = _edited(_add("x", "r", OVERWRITE), _add("seen", "%REQ(x)%"), fields=[("x", "q")])
    assert headers[b"seen"] == b"q"
    twice = _edited(_add("y", "1", "ADD_IF_ABSENT"), _add("y", "2", "ADD_IF_ABSENT"))
    assert twice.values_of(b"y") == [b"1", b"2"]


def test_missing_values_are_empty_and_empty_headers_are_left_out() -> None:
    headers = _edited(
        _add("x-miss", "%REQ(nope)%"),
        _add("x-part", "[%REQ(nope)%]"),
        _add("x-keep", "%REQ(nope)%", keep_empty_value=True),
        _add("x-empty", ""),
        _add("x-empty-kept", "", keep_empty_value=True),
        _add("x-percent", "100%% %PROTOCOL%"),
        _add("x-plain-percent", "100%%"),
    )
    assert {name: value for name, value in headers.items() if name.startswith(b"x-") and b"forwarded" not in name} == {
        b"x-part": b"[]",
        b"x-keep": b"",
        b"x-empty-kept": b"",
        b"x-percent": b"100% HTTP/1.1",
        b"x-plain-percent": b"100%",
    }


def test_responses_are_edited_with_the_values_of_both_messages() -> None:
    found = match(
        table_of(
            {
                **route(),
                "response_headers_to_add": [_add("r", "%RESP(x-up)%|%REQ(x)%"), _add("server", "s"), _add("vary", "b")],
                "response_headers_to_remove": ["x-up"],
            }
        ),
        request(),
    )
    assert found is not None
    assert found.response_edit is not None
    response = Headers.of([(b":status", b"200"), (b"x-up", b"u"), (b"vary", b"a")])
    info = info_of(request(fields=[("x", "q")]))
    info.response_headers = response
    found.response_edit.apply(response, info)
    assert response == Headers.of([(b":status", b"200"), (b"vary", b"a,b"), (b"r", b"|q"), (b"server", b"s")])


def test_what_may_not_be_edited_is_named() -> None:
    at = "virtual_hosts[0].routes[0]."
    found = route_problems(
        {
            **route(),
            "request_headers_to_add": [_add("Host", "x"), _add(":path", "x"), _add("x", "%FOO%"), _add("y", "50% off")],
            "request_headers_to_remove": ["host"],
            "response_headers_to_add": [_add("x", "y", "ADD_IF_ABSENT", append=True)],
            "response_headers_to_remove": [":status"],
        }
    )
    assert set(found) == {
        at + "request_headers_to_add[0].header.key",
        at + "request_headers_to_add[1].header.key",
        at + "request_headers_to_add[2].header.value",
        at + "request_headers_to_add[3].header.value",
        at + "request_headers_to_remove[0]",
        at + "response_headers_to_add[0].append",
        at + "response_headers_to_remove[0]",
    }


def test_text_without_operators_is_bytes() -> None:
    assert build_text("plain", "p", []) == b"plain"
    assert build_text("100%%", "p", []) == b"100%"
    made = build_text("%REQ(x)%", "p", [], missing="-")
    assert not isinstance(made, bytes)
    assert made(info_of(request())) == b"-"
