"""Settings of filters, by the type of their message."""

import pytest
from google.protobuf.any_pb2 import Any

from tulle.foundation.errors import FieldProblem, InvalidInput
from tulle.proxy.http.route_settings import RouteSettings


def refuse(config: bytes) -> object:
    raise InvalidInput([FieldProblem("field", "is wrong"), FieldProblem("", "is bad")])


def test_a_builder_gets_the_message() -> None:
    settings = RouteSettings({"t/a": lambda config: config})
    assert settings.knows("t/a")
    assert not settings.knows("t/b")
    assert settings.build("f", Any(type_url="t/a", value=b"x"), "here") == b"x"


def test_problems_have_their_whole_path() -> None:
    with pytest.raises(InvalidInput) as caught:
        RouteSettings({"t/a": refuse}).build("f", Any(type_url="t/a"), "here")
    assert [problem.path for problem in caught.value.problems] == ["here.field", "here"]
