"""What the HTTP parts of a worker share."""

from ipaddress import ip_address

import pytest

from tests.support.turned_clock import TurnedClock
from tulle.proxy.http.runtime import HttpRuntime, http_date, local_address


class Chatty:
    """Something that writes, and makes others write."""

    def __init__(self, runtime: HttpRuntime, others: tuple["Chatty", ...] = ()) -> None:
        self.runtime = runtime
        self.others = others
        self.flushed = 0

    def flush(self) -> None:
        self.flushed += 1
        for other in self.others:
            self.runtime.flush_soon(other)


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


@pytest.fixture
def runtime(clock: TurnedClock) -> HttpRuntime:
    return HttpRuntime(clock, {}, seed=1)  # type: ignore[arg-type]


def test_a_date_reads_as_rfc_9110_says() -> None:
    assert http_date(1795573476) == b"Wed, 25 Nov 2026 02:24:36 GMT"
    assert http_date(0) == b"Thu, 01 Jan 1970 00:00:00 GMT"


def test_the_date_is_made_once_a_second(runtime: HttpRuntime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tulle.proxy.http.runtime.time", lambda: 1.25)
    first = runtime.date()
    monkeypatch.setattr("tulle.proxy.http.runtime.time", lambda: 1.75)
    assert runtime.date() is first
    monkeypatch.setattr("tulle.proxy.http.runtime.time", lambda: 2.0)
    assert runtime.date() == b"Thu, 01 Jan 1970 00:00:02 GMT"


def test_a_flush_comes_before_the_loop_waits_again(runtime: HttpRuntime, clock: TurnedClock) -> None:
    one, two = Chatty(runtime), Chatty(runtime)
    runtime.flush_soon(one)
    runtime.flush_soon(two)
    assert clock.waiting == 1
    assert one.flushed == 0
    clock.turn()
    assert (one.flushed, two.flushed) == (1, 1)
    clock.turn()
    assert one.flushed == 1


def test_a_flush_that_makes_others_write_flushes_them_too(runtime: HttpRuntime, clock: TurnedClock) -> None:
    last = Chatty(runtime)
    runtime.flush_soon(Chatty(runtime, (last,)))
    clock.turn()
    assert last.flushed == 1
    assert runtime.dirty == []


def test_whoever_reads_flushes_when_it_is_done(runtime: HttpRuntime, clock: TurnedClock) -> None:
    one = Chatty(runtime)
    runtime.reading = True
    runtime.flush_soon(one)
    assert clock.waiting == 0
    runtime.flush()
    assert one.flushed == 1
    assert not runtime.reading


def test_equal_seeds_draw_equal_numbers(clock: TurnedClock) -> None:
    draws = [HttpRuntime(clock, {}, seed=7).random_bits(64) for _ in range(2)]  # type: ignore[arg-type]
    assert draws[0] == draws[1]


def test_this_machine_has_an_address() -> None:
    assert ip_address(local_address()).version == 4
