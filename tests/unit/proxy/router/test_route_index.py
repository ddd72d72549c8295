"""Routes by path."""

from tests.support.route_tables import info_of, request
from tulle.protos.messages import RouteMatch
from tulle.protos.reading import parse_message
from tulle.proxy.router.conditions import build_conditions
from tulle.proxy.router.path_rules import build_path_rule
from tulle.proxy.router.route_index import Entry, RouteIndex


def _index(*matches: dict[str, object]) -> RouteIndex[int]:
    entries = []
    for number, match in enumerate(matches):
        proto = parse_message(RouteMatch, match)
        entries.append(Entry(build_path_rule(proto, "", []), build_conditions(proto, "", []), number))
    return RouteIndex(entries)


def _find(index: RouteIndex[int], path: str, *fields: tuple[str, str]) -> int | None:
    headers = request(path, fields=fields)
    return index.find(path.encode(), headers, info_of(headers), 0)


def test_the_first_route_wins_not_the_longest() -> None:
    index = _index({"prefix": "/a"}, {"prefix": "/a/b"}, {"path": "/a/b"})
    assert _find(index, "/a/b") == 0
    assert _find(index, "/a/b/c") == 0
    assert _find(index, "/b") is None


def test_a_route_whose_conditions_fail_leaves_the_request_to_the_next() -> None:
    wanted = [{"name": "x"}]
    index = _index(
        {"path": "/a/b", "headers": wanted},
        {"prefix": "/a/b/c", "headers": wanted},
        {"prefix": "/a/b"},
        {"prefix": "/", "headers": wanted},
        {"prefix": "/a"},
    )
    assert _find(index, "/a/b") == 2
    assert _find(index, "/a/b", ("x", "")) == 0
    assert _find(index, "/a/b/cd") == 2
    assert _find(index, "/a/b/cd", ("x", "")) == 1
    assert _find(index, "/a") == 4
    assert _find(index, "/a", ("x", "")) == 3
    assert _find(index, "/zzz") is None


def test_regular_expressions_keep_their_place_among_the_others() -> None:
    index = _index({"path": "/a"}, {"safe_regex": {"regex": "/[ab].*"}}, {"prefix": "/b"}, {"prefix": "/c"})
    assert [_find(index, path) for path in ("/a", "/ab", "/b", "/c", "/d")] == [0, 1, 1, 3, None]


def test_routes_that_ignore_case_stand_among_those_that_heed_it() -> None:
    index = _index(
        {"path": "/Foo"},
        {"path": "/foo", "case_sensitive": False},
        {"prefix": "/Bar"},
        {"prefix": "/BAR", "case_sensitive": False},
        {"path_separated_prefix": "/Sep"},
        {"prefix": "/"},
    )
    assert [_find(index, path) for path in ("/Foo", "/foo", "/FOO", "/Barx", "/barx")] == [0, 1, 1, 2, 3]
    assert [_find(index, path) for path in ("/Sep/x", "/sep/x", "/Sep", "/sepx")] == [4, 5, 4, 5]


def test_a_prefix_is_found_behind_others_that_sort_before_the_path() -> None:
    index = _index({"prefix": "/a"}, {"prefix": "/a/x/y"}, {"prefix": "/a/x"}, {"prefix": "/a/w"})
    assert _find(index, "/a/x/z") == 0
    assert _find(_index({"prefix": "/a/b"}, {"prefix": "/a/ba"}, {"prefix": "/a"}), "/a/bz") == 0
    assert _find(_index({"prefix": "/a/ba"}, {"prefix": "/a/bb"}, {"prefix": "/a"}), "/a/bz") == 2


def test_an_empty_index_finds_nothing() -> None:
    assert _find(_index(), "/") is None


def test_the_first_route_is_known_when_its_prefix_is_all_it_asks_for() -> None:
    assert _index({"prefix": "/"}).first_certain_prefix == b"/"
    assert _index({"prefix": "/", "headers": [{"name": "x"}]}).first_certain_prefix is None
    assert _index({"path": "/"}).first_certain_prefix is None
    assert _index().first_certain_prefix is None
