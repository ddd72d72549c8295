"""Both sides of a proxied connection."""

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.fake_transport import FakeTransport
from tulle.proxy.network.tcp_side import Side
from tulle.proxy.telemetry.stats import Counter


class _Owner:
    def __init__(self) -> None:
        self.lost: list[Side] = []

    def side_lost(self, side: Side) -> None:
        self.lost.append(side)


class _Pair(NamedTuple):
    owner: _Owner
    left: FakeTransport
    right: FakeTransport

    def sides(self) -> tuple[Side, Side]:
        return self.left.protocol, self.right.protocol


@pytest.fixture
def pair() -> _Pair:
    return _make_pair()


def _make_pair() -> _Pair:
    owner, left, right = _Owner(), FakeTransport(), FakeTransport()
    sides = [Side(owner, transport, lambda: 7.0) for transport in (left, right)]
    for side, transport, other in ((sides[0], left, sides[1]), (sides[1], right, sides[0])):
        side.count_with((Counter("rx"), Counter("tx")), (Counter("paused"), Counter("resumed")))
        side.join(other)
        transport.protocol = side
    return _Pair(owner, left, right)


def test_what_one_side_reads_is_written_to_the_other(pair: _Pair) -> None:
    pair.left.receive(b"hello")
    pair.left.receive(b" world")
    pair.right.receive(b"!")
    assert (pair.right.written, pair.left.written) == (b"hello world", b"!")
    left, right = pair.sides()
    assert (left.received, left.rx.value, left.tx.value, right.received) == (11, 11, 11, 1)
    assert left.last_active == 7.0


def test_the_end_of_one_direction_leaves_the_other_open(pair: _Pair) -> None:
    pair.left.receive_eof()
    assert pair.right.wrote_eof
    assert not pair.left.is_closing()
    pair.right.receive(b"late answer")
    assert pair.left.written == b"late answer"


def test_the_end_of_both_directions_closes_both(pair: _Pair) -> None:
    pair.left.receive_eof()
    pair.right.receive_eof()
    assert pair.left.is_closing()
    assert pair.right.is_closing()
    assert not pair.left.aborted  # what is buffered is still sent


def test_a_side_that_cannot_take_more_stops_the_other_from_reading(pair: _Pair) -> None:
    left, right = pair.sides()
    left.pause_writing()
    assert not pair.right.reading
    assert right.paused_reading.value == 1
    left.resume_writing()
    assert pair.right.reading
    assert right.resumed_reading.value == 1


def test_a_lost_side_closes_the_other(pair: _Pair) -> None:
    pair.left.reset()
    assert pair.right.is_closing()
    pair.right.settle()
    assert pair.owner.lost == [*pair.sides()]


def test_a_closing_side_is_not_resumed(pair: _Pair) -> None:
    left, _ = pair.sides()
    left.pause_writing()
    pair.right.close()
    left.resume_writing()
    assert not pair.right.reading
    pair.right.settle()
    left.pause_writing()
    left.resume_writing()


_events = st.lists(
    st.tuples(st.booleans(), st.sampled_from(["data", "eof", "reset", "settle", "pause", "resume"])), max_size=30
)


@given(_events)
def test_any_order_of_events_ends_with_both_sides_gone(events: list[tuple[bool, str]]) -> None:
    pair = _make_pair()
    ended: set[FakeTransport] = set()
    for first, event in events:
        transport = pair.left if first else pair.right
        if transport.protocol.lost or (event in ("data", "eof") and (transport in ended or transport.is_closing())):
            continue
        if event == "data":
            transport.receive(b"x")
        elif event == "eof":
            ended.add(transport)
            transport.receive_eof()
        elif event == "reset":
            transport.reset()
        elif event == "settle":
            transport.settle()
        elif event == "pause":
            transport.protocol.pause_writing()
        else:
            transport.protocol.resume_writing()
    for transport in (pair.left, pair.right):
        if not transport.protocol.lost:
            transport.reset()
    assert len(pair.owner.lost) == 2
