"""Values to structs."""

from tulle.api.networking.virtual_service import HTTPRoute
from tulle.api.reading import read_struct


def test_a_good_value_becomes_a_struct() -> None:
    route, problems = read_struct(HTTPRoute, {"name": "a", "route": [{"destination": {"host": "b"}}]})
    assert problems == []
    assert route is not None
    assert route.route[0].destination.host == "b"


def test_every_wrong_value_is_reported_with_its_path() -> None:
    value = {"nam": "a", "timeout": 5, "route": {}, "match": [{"port": "x", "headers": {"a": 1}, "ignoreUriCase": "y"}]}
    _, problems = read_struct(HTTPRoute, value)
    assert [path for path, _ in problems] == [
        ("nam",),
        ("timeout",),
        ("route",),
        ("match", 0, "port"),
        ("match", 0, "headers", "a"),
        ("match", 0, "ignoreUriCase"),
    ]


def test_a_required_field_that_is_absent_and_a_word_outside_of_its_list_are_reported() -> None:
    value = {"route": [{}], "corsPolicy": {"unmatchedPreflights": "FORWRD"}}
    messages = [message for _, message in read_struct(HTTPRoute, value)[1]]
    assert messages[0] == "destination must be set"
    assert messages[1].endswith("did you mean FORWARD?")
