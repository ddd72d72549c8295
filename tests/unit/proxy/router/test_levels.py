"""Levels of a configuration."""

from tests.support.route_tables import info_of, request
from tulle.protos.messages import Route, VirtualHost
from tulle.protos.reading import parse_message
from tulle.proxy.headers import Headers
from tulle.proxy.router.filter_configs import NO_SETTINGS, NoFilterConfigs
from tulle.proxy.router.levels import Level, request_edit_of, response_edit_of


def _added(value: str) -> list[dict[str, object]]:
    return [{"header": {"key": "x", "value": value}}]


def test_a_level_holds_the_edits_of_those_below() -> None:
    host = parse_message(VirtualHost, {"request_headers_to_add": _added("host")})
    route = parse_message(Route, {"request_headers_to_add": _added("route"), "response_headers_to_remove": ["y"]})
    level = Level.bottom(most_specific_wins=False)
    for proto, path in ((host, "h."), (route, "h.r.")):
        level = level.over(proto, NoFilterConfigs(), path, [])
    headers = request()
    for edit in level.request.in_order():
        edit.apply(headers, info_of(headers))
    assert headers.values_of(b"x") == [b"route", b"host"]
    assert len(level.response.in_order()) == 1
    assert level.settings is NO_SETTINGS


def test_the_edit_of_one_level_alone() -> None:
    proto = parse_message(Route, {"response_headers_to_remove": ["y"]})
    assert request_edit_of(proto, "", []) is None
    edit = response_edit_of(proto, "", [])
    assert edit is not None
    response = Headers.of([(b":status", b"200"), (b"y", b"1")])
    edit.apply(response, info_of(request()))
    assert b"y" not in response
