"""The version of a set of resources."""

from tests.unit.controlplane.xds.worlds import World
from tulle.controlplane.xds.subscription import content_version, named_in


def test_a_version_tells_sets_apart_and_not_their_order() -> None:
    one, other = World(a="1", b="2")(None), World(b="2", a="1")(None)
    assert content_version(one) == content_version(other)
    assert content_version(one) != content_version(World(a="1", b="3")(None))
    assert content_version(one) != content_version(World(a="1")(None))


def test_a_name_inside_a_longer_one_is_not_meant() -> None:
    names = ["web", "web.2", "http.80", "outbound|80||a"]
    assert named_in("Error adding cluster(s) web.2: no", names) == {"web.2"}
    assert named_in("http.8080 and outbound|80||a.b", names) == set()
    assert named_in("refused 'http.80'. And web.", names) == {"http.80", "web"}
