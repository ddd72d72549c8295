"""What the choice of a host may depend on."""

from tests.unit.proxy.upstream.worlds import hosts_of
from tulle.proxy.upstream.lb.picking import NO_HOSTS, PickContext, equal_weights


def test_nobody_is_picked_from_no_hosts() -> None:
    assert NO_HOSTS.pick(None) is None


def test_weights_are_equal_or_not() -> None:
    assert equal_weights(hosts_of(3, 3, 3))
    assert not equal_weights(hosts_of(3, 3, 1))


def test_a_context_begins_as_a_first_try_that_rejects_no_host() -> None:
    context = PickContext(7, ("1.2.3.4", 80))
    assert (context.hash, context.original_dst) == (7, ("1.2.3.4", 80))
    assert (context.attempt, context.rejects, context.max_attempts) == (0, None, 1)
