"""Errors say where and what."""

from tulle.foundation import errors


def test_invalid_input_holds_every_problem_in_its_text() -> None:
    place = errors.Place("a.yaml", 3, 5)
    error = errors.InvalidInput([errors.FieldProblem("spec.port", "too large", place), errors.FieldProblem("", "no")])
    assert str(error) == "a.yaml:3:5: spec.port: too large\nno"


def test_exit_codes_follow_the_rules_of_the_command_line() -> None:
    kinds = (
        errors.InternalError,
        errors.UsageError,
        errors.InvalidInput,
        errors.Unreachable,
        errors.FindingsFound,
    )
    assert [kind.exit_code for kind in kinds] == [1, 64, 65, 69, 79]


def test_a_place_without_a_line_is_the_file() -> None:
    assert str(errors.Place("a.yaml")) == "a.yaml"
