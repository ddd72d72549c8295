"""Resources."""

from tulle.api.resource import Metadata, Resource


def test_resources_are_equal_by_what_they_say_not_by_where_they_stand() -> None:
    left = Resource("A", "v1", Metadata(name="n", namespace="ns"), {"x": 1})
    assert left == Resource("A", "v1", Metadata(name="n", namespace="ns"), {"x": 1})
    assert left.key == "A/ns/n"
    assert left.file == ""
    assert left.place_of(("spec",)) is None
