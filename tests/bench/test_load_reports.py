"""What wrk and h2load print."""

from bench.load.generators import Outcome, read_h2load, read_wrk

_WRK = """Running 2s test @ http://127.0.0.1:8080/
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.54ms  234.00us   9.60ms   90.62%
  40883 requests in 2.10s, 9.98MB read
Requests/sec:  19468.09
"""
_H2LOAD = """starting benchmark...
finished in 2.00s, 42740.50 req/s, 5.30MB/s
requests: 85481 total, 85609 started, 85481 done, 85481 succeeded, 0 failed, 0 errored, 0 timeout
status codes: 85481 2xx, 0 3xx, 0 4xx, 0 5xx
"""


def test_a_report_of_wrk_gives_requests_and_seconds() -> None:
    assert read_wrk(_WRK) == Outcome(40883, 0, 2.1)


def test_socket_errors_and_bad_statuses_of_wrk_are_added_up() -> None:
    text = _WRK + "  Socket errors: connect 1, read 2, write 0, timeout 4\n  Non-2xx or 3xx responses: 10\n"
    assert read_wrk(text) == Outcome(40883, 17, 2.1)


def test_a_report_of_h2load_gives_requests_and_seconds() -> None:
    assert read_h2load(_H2LOAD) == Outcome(85481, 0, 2.0)


def test_statuses_that_are_no_success_are_bad_in_h2load() -> None:
    text = _H2LOAD.replace("85481 2xx, 0 3xx, 0 4xx, 0 5xx", "85000 2xx, 0 3xx, 81 4xx, 400 5xx")
    assert read_h2load(text) == Outcome(85481, 481, 2.0)


def test_something_else_is_no_report() -> None:
    assert read_wrk("unable to connect") is None
    assert read_h2load("could not connect") is None
