"""The list of named messages."""

import pytest

from tulle.protos import messages


def test_every_name_of_the_list_has_a_message_in_the_pool() -> None:
    for name, full_name in messages.MESSAGES.items():
        assert getattr(messages, name).DESCRIPTOR.full_name == full_name


def test_a_name_that_is_not_in_the_list_says_where_to_add_it() -> None:
    with pytest.raises(AttributeError, match="add it to MESSAGES"):
        getattr(messages, "NoSuchMessage" + "")
