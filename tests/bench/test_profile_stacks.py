"""Sampled stacks, summed up."""

import pytest

from bench.profile.native import read_calls
from bench.profile.stacks import Place, sum_up, tree

_LOOP = Place("run", "/x/site-packages/uvloop/__init__.py", 96, 61)
_CALLBACK = Place("Codec.data_received", "/x/src/tulle/proxy/http/h1.py", 20, 10)
_CALLEE = Place("Route.match", "/x/src/tulle/proxy/router/route.py", 5, 3)
_CODEC, _ROUTE = "Codec.data_received  tulle/proxy/http/h1.py:10", "Route.match  tulle/proxy/router/route.py:3"


def test_a_sample_belongs_to_the_innermost_frame_and_counts_for_its_callers() -> None:
    profile = sum_up([([_CALLEE, _CALLBACK, _LOOP], 3), ([_CALLBACK, _LOOP], 1)])
    assert profile.own == {_ROUTE: 3, _CODEC: 1}
    assert profile.inclusive == {_ROUTE: 3, _CODEC: 4}
    assert list(tree(profile, 0.1)) == [(0, _CODEC, pytest.approx(1.0)), (1, _ROUTE, pytest.approx(0.75))]


def test_a_sample_on_the_first_line_of_a_callback_is_the_loops() -> None:
    profile = sum_up([([_CALLBACK._replace(line=10), _LOOP], 2), ([_LOOP], 1)])
    assert profile.own == {"(event loop and its read before) Codec.data_received": 2, "(event loop)": 1}
    assert not profile.lines


def test_recursion_counts_once() -> None:
    assert sum_up([([_CALLEE, _CALLEE, _LOOP], 1)]).inclusive == {_ROUTE: 1}


def test_system_calls_are_read_from_perf_stat() -> None:
    text = "# started\n\n0;;syscalls:sys_enter_fork;1;100.00;;\n40;;syscalls:sys_enter_read;1;100.00;;\n"
    assert read_calls(text + "90;;syscalls:sys_enter_write;1;100.00;;\n") == [("write", 90), ("read", 40)]
