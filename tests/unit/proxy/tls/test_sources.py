"""Where certificates come from."""

from pathlib import Path

import pytest

from tulle.foundation.errors import FieldProblem
from tulle.protos.messages import DataSource
from tulle.proxy.tls.sources import read_source


def test_bytes_come_from_files_messages_and_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(b"file")
    monkeypatch.setenv("TULLE_TEST_PEM", "variable")
    problems: list[FieldProblem] = []
    sources = [
        DataSource(filename=str(tmp_path / "a")),
        DataSource(inline_bytes=b"bytes"),
        DataSource(inline_string="text"),
        DataSource(environment_variable="TULLE_TEST_PEM"),
    ]
    found = [read_source(source, "here", problems) for source in sources]
    assert (found, problems) == ([b"file", b"bytes", b"text", b"variable"], [])


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        (DataSource(filename="/no/such"), "here.filename: /no/such: No such file or directory"),
        (DataSource(environment_variable="TULLE_NO_SUCH"), "here.environment_variable: TULLE_NO_SUCH is not set"),
        (DataSource(inline_string=""), "here: is empty"),
        (DataSource(), "here: is empty"),
    ],
)
def test_what_cannot_be_read_is_a_problem_at_its_place(source: DataSource, problem: str) -> None:
    problems: list[FieldProblem] = []
    assert read_source(source, "here", problems) == b""
    assert [str(each) for each in problems] == [problem]
