"""Pages and their parameters."""

import asyncio

import pytest

from tulle.proxy.admin.page import BadQuery, Page, Parameter, flag, json_answer, name_filter
from tulle.proxy.admin.server_pages import render_ready

_PAGE = Page("/p", "a page", render_ready, parameters=(Parameter("format", "f", ("text", "json")), Parameter("x", "y")))


def test_known_parameters_pass() -> None:
    _PAGE.check({"format": "json", "x": "anything"})


@pytest.mark.parametrize(
    ("query", "message"),
    [({"fromat": "json"}, "unknown parameter 'fromat'"), ({"format": "xml"}, "format=(text|json)")],
)
def test_an_unknown_parameter_or_value_is_an_error(query: dict[str, str], message: str) -> None:
    with pytest.raises(BadQuery) as caught:
        _PAGE.check(query)
    assert message in str(caught.value)


def test_a_filter_finds_its_pattern_anywhere_and_a_bad_one_is_an_error() -> None:
    assert name_filter("rq_t.+l$")("cluster.a.upstream_rq_total")
    assert not name_filter("^rq")("cluster.a.upstream_rq_total")
    assert name_filter(None)("x")
    assert not name_filter("(a|a)*(a|a)*$b")("a" * 5000)  # at once
    with pytest.raises(BadQuery, match="invalid regex"):
        name_filter("(")


def test_a_flag_needs_no_value() -> None:
    assert flag({"usedonly": ""}, "usedonly")
    assert not flag({}, "usedonly")
    assert not flag({"usedonly": "false"}, "usedonly")


def test_json_is_indented_by_one_space() -> None:
    assert json_answer({"a": [1]}).body == '{\n "a": [\n  1\n ]\n}'


def test_ready_is_503_until_live() -> None:
    class _Starting:
        state = "INITIALIZING"

    answer = asyncio.run(render_ready(_Starting(), {}))  # type: ignore[arg-type]
    assert (answer.status, answer.body) == (503, "INITIALIZING\n")
