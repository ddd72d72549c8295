"""YAML with places."""

import pytest

from tulle.foundation.errors import Place
from tulle.foundation.yaml import code_frame, did_you_mean, parse_documents, path_text, printable


def value_of(text: str) -> object:
    (document,), problems = parse_documents(text, "a.yaml")
    assert problems == []
    return document.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12:30:45", "12:30:45"),
        ("2024-01-01", "2024-01-01"),
        ("1e3", 1000.0),
        ("0777", 511),
        ("0x10", 16),
        ("on", True),
        ("No", False),
        ("~", None),
        ("=", "="),
        ("1.10", 1.1),
        ("'1'", "1"),
        ("v1", "v1"),
        ("-5", -5),
    ],
)
def test_scalars_are_read_as_kubernetes_reads_them(text: str, value: object) -> None:
    assert value_of(f"key: {text}") == {"key": value}


def test_every_key_and_item_has_its_place_counted_over_all_documents() -> None:
    (_, second), _ = parse_documents("a: 1\n---\nb:\n  - c: 2\n  - d: 3\n", "a.yaml")
    assert second.place_of(("b", 1, "d")) == Place("a.yaml", 5, 5)
    assert second.place_of(("b", 1, "missing", "deeper")) == Place("a.yaml", 5, 5)


def test_a_broken_document_does_not_hide_the_others() -> None:
    documents, problems = parse_documents("a: 1\n---\nb: [1\n---\nc: 3\n---\nd: {\n", "a.yaml")
    assert [document.value for document in documents] == [{"a": 1}, {"c": 3}]
    assert len(problems) == 2


def test_a_key_that_stands_twice_is_a_problem_at_the_second() -> None:
    _, (problem,) = parse_documents("a: 1\nb: 2\na: 3\n", "a.yaml")
    assert problem.place == Place("a.yaml", 3, 1)
    assert "twice" in problem.message


def test_merge_keys_and_aliases_are_followed() -> None:
    assert value_of("x: &x {a: 1, b: 2}\ny:\n  <<: *x\n  b: 3\n") == {"x": {"a": 1, "b": 2}, "y": {"a": 1, "b": 3}}


def test_aliases_that_expand_without_end_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    _, (problem,) = parse_documents("\n".join(lines), "a.yaml")
    assert "aliases" in problem.message


def test_deep_nesting_is_refused() -> None:
    _, (problem,) = parse_documents("[" * 150 + "]" * 150, "a.yaml")
    assert "nested deeper" in problem.message


def test_the_code_frame_marks_the_column() -> None:
    frame = code_frame("a: 1\nbb: 2\nc: 3", Place("a.yaml", 2, 1))
    assert frame.splitlines() == ["  1 | a: 1", "> 2 | bb: 2", "    | ^", "  3 | c: 3"]


def test_a_near_word_is_suggested_and_a_far_one_is_not() -> None:
    assert did_you_mean("rout", ["route", "match"]) == "route"
    assert did_you_mean("zzz", ["route"]) is None


def test_paths_read_like_code() -> None:
    assert path_text(("spec", "http", 0, "route", 1)) == "spec.http[0].route[1]"


def test_a_byte_that_is_not_utf_8_is_refused_with_its_place() -> None:
    text = b"a: 1\n---\nb: 2\nc: x\xff\n".decode("utf-8", "surrogateescape")
    documents, problems = parse_documents(text, "a.yaml")
    assert [document.value for document in documents] == [{"a": 1}]
    assert [str(problem) for problem in problems] == ["a.yaml:4:5: this is not UTF-8"]
    assert problems[0].place is not None
    assert code_frame(text, problems[0].place).encode()


def test_a_code_frame_shows_what_cannot_be_printed_and_marks_the_column_behind_it() -> None:
    frame = code_frame("a: 1\n\x1b[31m\tb: \x07", Place("a.yaml", 2, 7))
    assert frame.splitlines() == ["  1 | a: 1", r"> 2 | \x1b[31m\tb: \x07", "    |           ^"]
    assert printable("ä\udcff\x00") == r"ä\udcff\x00"


def test_lines_of_a_code_frame_are_those_of_yaml() -> None:
    frame = code_frame("a: 1\x0c\nb: 2\r\nc: 3\n", Place("a.yaml", 3, 1))
    assert frame.splitlines() == ["  2 | b: 2", "> 3 | c: 3", "    | ^"]
