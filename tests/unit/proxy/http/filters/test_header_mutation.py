"""Changes of headers, one after the other."""

from typing import Any

import ngh2
import pytest

from tests.support.h2_peer import POST
from tests.support.http_bench import HttpBench, head_of
from tulle.foundation.errors import InvalidInput
from tulle.protos.messages import HeaderMutationPerRoute
from tulle.protos.reading import parse_message
from tulle.proxy.headers import Headers
from tulle.proxy.http.filters.header_mutation import RouteMutations, build_route_mutations
from tulle.proxy.telemetry.stream_info import StreamInfo

KIND, ROUTE = "header_mutation.v3.HeaderMutation", "header_mutation.v3.HeaderMutationPerRoute"


def append(key: str, value: str, action: str = "APPEND_IF_EXISTS_OR_ADD", **more: Any) -> dict[str, Any]:
    return {"append": {"header": {"key": key, "value": value}, "append_action": action, **more}}


def built(*mutations: dict[str, Any], side: str = "request_mutations") -> RouteMutations:
    proto = parse_message(HeaderMutationPerRoute, {"mutations": {side: list(mutations)}})
    return build_route_mutations(proto.SerializeToString())


def changed(headers: dict[bytes, bytes], *mutations: dict[str, Any]) -> dict[bytes, list[bytes]]:
    message = Headers(headers)
    info = StreamInfo()
    info.request_headers = message
    for each in built(*mutations).in_order(0, specific_last=True):
        each.apply(message, info)
    return {name: message.values_of(name) for name in message}


def test_each_action_does_what_it_says() -> None:
    assert changed({b"a": b"1"}, append("a", "2")) == {b"a": [b"1", b"2"]}
    assert changed({b"a": b"1"}, append("a", "2", "ADD_IF_ABSENT")) == {b"a": [b"1"]}
    assert changed({b"a": b"1"}, append("a", "2", "OVERWRITE_IF_EXISTS_OR_ADD")) == {b"a": [b"2"]}
    assert changed({}, append("a", "2", "OVERWRITE_IF_EXISTS")) == {}
    assert changed({b"accept": b"x"}, append("accept", "y")) == {b"accept": [b"x,y"]}
    assert changed({b"a": b"1", b"b": b"2"}, {"remove": "A"}) == {b"b": [b"2"]}
    drop = {"remove_on_match": {"key_matcher": {"prefix": "x-"}}}
    assert changed({b":path": b"/", b"x-a": b"1", b"y": b"2"}, drop) == {b":path": [b"/"], b"y": [b"2"]}


def test_later_changes_see_what_earlier_ones_left() -> None:
    assert changed({}, append("a", "1"), append("b", "%REQ(a)%"), append("c", "%REQ(none)%")) == {
        b"a": [b"1"],
        b"b": [b"1"],
    }
    assert changed({}, append("a", "", keep_empty_value=True)) == {b"a": [b""]}


def test_levels_are_made_in_either_order() -> None:
    route, table = built(append("a", "route")), built(append("a", "table"))
    both = route.over(table)
    assert len(both.levels) == 2
    orders = []
    for specific_last in (True, False):
        message = Headers()
        for each in both.in_order(0, specific_last):
            each.apply(message, StreamInfo())
        orders.append(message.values_of(b"a"))
    assert orders == [[b"table", b"route"], [b"route", b"table"]]
    assert route.over(None) is route


def test_what_a_message_needs_may_not_be_touched() -> None:
    for mutation, place in [
        ({"remove": ":path"}, "remove"),
        (append(":path", "/"), "append.header.key"),
        (append("host", "a"), "append.header.key"),
        (append("a", "%NOTHING_LIKE_THIS%"), "append.header.value"),
    ]:
        with pytest.raises(InvalidInput, match=rf"mutations.request_mutations\[0\].{place}"):
            built(mutation)


def test_requests_and_responses_are_changed(bench: HttpBench) -> None:
    own = {"mutations": {"request_mutations": [append("x-up", "1")], "response_mutations": [append("x-down", "2")]}}
    settings = {"mutations": {"request_mutations": [append("x-up", "3")]}}
    client = bench.connect(bench.filtered(KIND, own, (ROUTE, settings)), b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
    host = bench.upstream()
    assert host.written.count(b"x-up: ") == 2
    host.receive(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
    assert head_of(client.written)[1][b"x-down"] == b"2"


def test_trailers_are_changed(bench: HttpBench) -> None:
    sides = {f"{side}_trailers_mutations": [append("x-more", side)] for side in ("request", "response")}
    routes = [{"match": {"prefix": "/"}, "route": {"cluster": "d"}}]
    peer = bench.connect_h2(bench.filtered(KIND, {"mutations": sides}, routes=routes))
    stream = peer.request(POST, b"x", end=False)
    peer.trailers(stream, [(b"x-t", b"1")])
    host = bench.upstream_h2()
    host.respond(1, body=b"y", end=False)
    host.trailers(1, [(b"x-r", b"2")])
    peer.exchange()
    got = [dict(side.of(ngh2.TrailersReceived)[0].headers) for side in (host, peer)]
    assert got == [{b"x-t": b"1", b"x-more": b"request"}, {b"x-r": b"2", b"x-more": b"response"}]
