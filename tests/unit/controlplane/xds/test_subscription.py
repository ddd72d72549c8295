"""The version of a set of resources."""

from tests.unit.controlplane.xds.worlds import World
from tulle.controlplane.xds.subscription import content_version


def test_a_version_tells_sets_apart_and_not_their_order() -> None:
    one, other = World(a="1", b="2")(None), World(b="2", a="1")(None)
    assert content_version(one) == content_version(other)
    assert content_version(one) != content_version(World(a="1", b="3")(None))
    assert content_version(one) != content_version(World(a="1")(None))
