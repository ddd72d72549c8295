"""Selectors."""

from tulle.model.labels import selects


def test_every_label_of_the_selector_must_be_there() -> None:
    labels = {"app": "reviews", "version": "v1"}
    assert selects({"app": "reviews"}, labels)
    assert selects({}, labels)
    assert not selects({"app": "reviews", "version": "v2"}, labels)
