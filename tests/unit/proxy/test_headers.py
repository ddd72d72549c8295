"""Header fields of one message."""

import pytest

from tulle.proxy.headers import Headers, whole_number

FIELDS = [(b":path", b"/"), (b"a", b"1"), (b"b", b"2"), (b"a", b"3"), (b"a", b"4")]


def test_a_name_has_its_first_value_and_more_beside() -> None:
    headers = Headers.of(FIELDS)
    assert headers[b"a"] == b"1"
    assert headers.values_of(b"a") == [b"1", b"3", b"4"]
    assert headers.values_of(b"b") == [b"2"]
    assert headers.values_of(b"c") == []
    assert headers.more == [(b"a", b"3"), (b"a", b"4")]


def test_fields_without_repetition_have_nothing_beside() -> None:
    assert Headers.of(iter(FIELDS[:3])).more is None
    assert list(Headers.of(FIELDS[:3]).fields()) == FIELDS[:3]


def test_all_fields_are_told_pseudo_headers_first() -> None:
    fields = list(Headers.of(FIELDS).fields())
    assert fields[0] == (b":path", b"/")
    assert sorted(fields) == sorted(FIELDS)


def test_setting_leaves_one_value_and_removing_none() -> None:
    headers = Headers.of(FIELDS)
    headers.add(b"b", b"5")
    headers.set(b"a", b"9")
    assert headers.values_of(b"a") == [b"9"]
    assert headers.values_of(b"b") == [b"2", b"5"]
    assert headers.remove(b"b")
    assert headers.more is None
    assert b"b" not in headers
    assert not headers.remove(b"b")


def test_values_are_joined_with_commas() -> None:
    headers = Headers.of(FIELDS)
    assert headers.joined(b"a") == b"1,3,4"
    assert headers.joined(b"b") == b"2"
    assert headers.joined(b"c") is None
    assert Headers().joined(b"c") is None


def test_some_names_are_gathered_in_one_line() -> None:
    headers = Headers({b"via": b"1", b"x": b"1"})
    for name, value in ((b"via", b"2"), (b"x", b"2"), (b"new", b"1")):
        headers.gather(name, value, frozenset({b"via", b"new"}))
    assert headers == Headers.of([(b"via", b"1,2"), (b"x", b"1"), (b"new", b"1"), (b"x", b"2")])


def test_a_copy_is_free_to_change() -> None:
    headers = Headers.of(FIELDS)
    twin = headers.copy()
    assert twin == headers
    twin.add(b"a", b"5")
    twin.set(b"b", b"6")
    assert headers == Headers.of(FIELDS)
    assert twin != headers


def test_headers_are_not_plain_dicts() -> None:
    assert Headers({b"a": b"1"}) != {b"a": b"1"}
    assert Headers.__hash__ is None


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (b"0", 0),
        (b" 17 ", 17),
        (b"0" * 5000 + b"5", 5),
        (b"0" * 5000, 0),
        (b"18446744073709551615", 2**64 - 1),
        (b"18446744073709551616", None),
        (b"1" * 5000, None),
        (b"", None),
        (b"-1", None),
        (b"\xb2", None),
        (None, None),
    ],
)
def test_a_whole_number_is_read_however_long_it_is(value: bytes | None, number: int | None) -> None:
    assert whole_number(value) == number


def test_a_whole_number_may_have_a_lower_bound() -> None:
    assert (whole_number(b"5", 5), whole_number(b"6", 5)) == (5, None)
