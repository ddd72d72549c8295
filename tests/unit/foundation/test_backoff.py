"""Back-off."""

from tulle.foundation.backoff import Backoff


def test_the_bound_doubles_up_to_its_maximum_and_starts_again_after_a_success() -> None:
    backoff = Backoff(base_s=1.0, max_s=5.0, draw=lambda: 1.0)
    assert [backoff.next_s() for _ in range(5)] == [1.0, 2.0, 4.0, 5.0, 5.0]
    backoff.reset()
    assert backoff.next_s() == 1.0


def test_a_wait_is_drawn_below_its_bound() -> None:
    assert Backoff(base_s=2.0, draw=lambda: 0.25).next_s() == 0.5
