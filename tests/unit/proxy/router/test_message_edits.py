"""Edits of all levels; the expected values were found with Envoy 1.40."""

from typing import Any

from tests.support.route_tables import Json, edited, info_of, match, request, route, table
from tulle.proxy.headers import Headers
from tulle.proxy.router.message_edits import EditStack, Rewrites


def _edits(mark: str, side: str = "request") -> dict[str, Any]:
    return {
        f"{side}_headers_to_add": [
            {"header": {"key": "lvl", "value": mark}},
            {"header": {"key": "lo", "value": mark}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"},
            {"header": {"key": "absent", "value": mark}, "append_action": "ADD_IF_ABSENT"},
        ]
    }


def _levels(side: str = "request", **of_table: Any) -> Json:
    clusters = [{"name": "a", "weight": 1, "host_rewrite_literal": "wh", **_edits("w", side)}]
    action = {"weighted_clusters": {"clusters": clusters}, "append_x_forwarded_host": True, "prefix_rewrite": "/new"}
    routes = [{"match": {"prefix": "/w"}, "route": action, **_edits("r", side)}]
    host = {"name": "v", "domains": ["*"], "routes": routes, **_edits("v", side)}
    return {"virtual_hosts": [host], **_edits("t", side), **of_table}


def test_the_least_specific_level_comes_last_and_wins() -> None:
    headers = edited(table(_levels()), request("/w?q"))
    assert headers.values_of(b"lvl") == [b"w", b"r", b"v", b"t"]
    assert headers.values_of(b"lo") == [b"t"]
    assert headers.values_of(b"absent") == [b"w"]
    assert (headers[b":authority"], headers[b":path"]) == (b"wh", b"/new?q")
    assert headers[b"x-envoy-original-path"] == b"/w?q"
    assert b"x-forwarded-host" not in headers


def test_the_most_specific_level_can_win_instead() -> None:
    headers = edited(table(_levels(most_specific_header_mutations_wins=True)), request("/w"))
    assert headers.values_of(b"lvl") == [b"w", b"t", b"v", b"r"]
    assert headers.values_of(b"lo") == [b"r"]


def test_responses_are_edited_in_the_same_order() -> None:
    routes = table(_levels("response"))
    headers = request("/w")
    found = match(routes, headers)
    assert found is not None
    choice = found.pick_cluster(headers, 0)
    assert choice is not None
    assert choice.response_edit is not None
    response = Headers.of([(b":status", b"200")])
    choice.response_edit.apply(response, info_of(headers))
    assert response.values_of(b"lvl") == [b"w", b"r", b"v", b"t"]
    assert found.response_edit is not None
    alone = Headers.of([(b":status", b"200")])
    found.response_edit.apply(alone, info_of(headers))
    assert alone.values_of(b"lvl") == [b"r", b"v", b"t"]


def test_envoys_own_headers_can_be_suppressed() -> None:
    routes = table({"virtual_hosts": [{"name": "v", "domains": ["*"], "routes": [_rewriting()]}]})
    headers = request("/x")
    found = match(routes, headers)
    assert found is not None
    assert found.request_edit is not None
    found.request_edit.apply(headers, info_of(headers), keep_original=False)
    assert (headers[b":path"], headers[b":authority"]) == (b"/y", b"there")
    assert not any(name.startswith(b"x-envoy-original") for name in headers)


def _rewriting() -> Json:
    return route({"prefix": "/x"}, prefix_rewrite="/y", host_rewrite_literal="there")


def test_where_nothing_is_to_be_done_there_is_no_edit() -> None:
    stack = EditStack(most_specific_wins=False).with_level(None).with_level(None)
    assert stack.request_edit(Rewrites()) is None
    assert stack.response_edit() is None
    rewrites = Rewrites()
    rewrites.entry_host = b"h"
    assert stack.request_edit(rewrites) is not None
