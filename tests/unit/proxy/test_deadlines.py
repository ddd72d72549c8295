"""Deadlines with few timers."""

from tests.support.turned_clock import TurnedClock
from tulle.proxy.deadlines import Deadlines, DeadlineSet


def test_things_expire_when_their_time_is_over_and_in_their_order() -> None:
    clock, over = TurnedClock(), []
    deadlines: Deadlines[str] = Deadlines(clock, 10.0, over.append)
    deadlines.add("a")
    clock.turn(4.0)
    deadlines.add("b")
    deadlines.add("c")
    clock.turn(5.9)
    assert over == []
    clock.turn(0.2)
    assert over == ["a"]
    clock.turn(4.0)
    assert over == ["a", "b", "c"]
    assert len(deadlines) == 0


def test_what_was_discarded_does_not_expire() -> None:
    clock, over = TurnedClock(), []
    deadlines: Deadlines[str] = Deadlines(clock, 10.0, over.append)
    deadlines.add("a")
    deadlines.add("b")
    deadlines.discard("a")
    deadlines.discard("unknown")
    clock.turn(11.0)
    assert over == ["b"]


def test_a_restart_gives_the_whole_time_again() -> None:
    clock, over = TurnedClock(), []
    deadlines: Deadlines[str] = Deadlines(clock, 10.0, over.append)
    deadlines.add("a")
    clock.turn(9.0)
    deadlines.restart("a")
    clock.turn(9.9)
    assert over == []
    clock.turn(0.2)
    assert over == ["a"]


def test_one_timer_is_armed_however_many_things_wait() -> None:
    clock = TurnedClock()
    deadlines: Deadlines[int] = Deadlines(clock, 10.0, lambda thing: None)
    for number in range(100):
        deadlines.add(number)
        clock.turn(0.01)
    assert clock.waiting == 1
    for number in range(100):
        deadlines.discard(number)
    clock.turn(10.0)
    assert clock.waiting == 0
    deadlines.add(1)
    assert clock.waiting == 1


def test_expiring_may_add_and_discard() -> None:
    clock, over = TurnedClock(), []

    def expire(thing: str) -> None:
        over.append(thing)
        deadlines.discard("b")
        if thing == "a":
            deadlines.add("c")

    deadlines: Deadlines[str] = Deadlines(clock, 10.0, expire)
    deadlines.add("a")
    deadlines.add("b")
    clock.turn(10.0)
    assert over == ["a"]
    clock.turn(10.0)
    assert over == ["a", "c"]


def test_a_set_has_one_clock_hand_for_each_delay() -> None:
    clock, over = TurnedClock(), []
    deadlines: DeadlineSet[str] = DeadlineSet(clock, over.append)
    deadlines.of(5.0).add("late")
    deadlines.of(1.0).add("soon")
    assert deadlines.of(5.0) is deadlines.of(5.0)
    clock.turn(1.0)
    assert over == ["soon"]
    clock.turn(4.0)
    assert over == ["soon", "late"]
