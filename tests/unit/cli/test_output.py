"""What commands print."""

import io
import sys
from pathlib import Path

import pytest

from tulle.cli import output
from tulle.foundation.errors import FieldProblem, InvalidInput, Place, Unreachable


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


class Ascii(Terminal):
    encoding = "ascii"


def test_no_color_wins_over_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert output.wants_colour(Terminal())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not output.wants_colour(Terminal())


def test_a_pipe_has_no_colour_unless_forced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    assert not output.wants_colour(io.StringIO())
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert output.wants_colour(io.StringIO())


def test_a_stream_without_utf8_gets_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert output.symbol("ok", Ascii()) == "[ok]"
    assert output.symbol("ok", Terminal()) == "✔"


def test_columns_of_a_table_line_up(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_table(["NAME", "PORT"], [["a-long-name", 80], ["b", 8080]])
    assert capsys.readouterr().out == "NAME         PORT\na-long-name  80\nb            8080\n"


def test_a_stream_without_utf8_gets_arrows_of_ascii() -> None:
    assert output.fitting("a → b │ é", Ascii()) == "a -> b | ?"
    assert output.fitting("a → b │ é", Terminal()) == "a → b │ é"


def test_what_is_waited_for_is_shown_on_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    output.waiting("the control plane")
    assert capsys.readouterr().err == ""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    output.waiting("the control plane")
    output.waiting("the proxies")
    output.show_log("proxy", "hello")
    output.progress("ok", "ready")
    assert "… the control plane\r\x1b[2K  … the proxies\r\x1b[2K  proxy: hello\n  " in terminal.getvalue()
    assert terminal.getvalue().endswith("ready\n")


def test_an_error_shows_each_problem_with_the_lines_around_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("one: 1\ntwo: 2\n")
    places = (Place(str(path), 2, 1), Place("/no/such/file", 1, 1), None)
    problems = [FieldProblem("two", f"wrong {index}", place) for index, place in enumerate(places)]
    output.print_error(InvalidInput(problems, "mend it"))
    err = capsys.readouterr().err
    assert f"error: {path}:2:1: two: wrong 0" in err
    assert "> 2 | two: 2" in err
    assert "error: /no/such/file:1:1: two: wrong 1" in err
    assert err.endswith("  hint: mend it\n")
    output.print_error(Unreachable("nobody is there"))
    assert capsys.readouterr().err == "error: nobody is there\n"


def test_lines_of_an_application_stand_behind_its_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    output.print_prefixed("web", 5, 0, "hello")
    output.heading("tulle up", "Ctrl-C stops")
    captured = capsys.readouterr()
    assert captured.out == "web   │ hello\n"
    assert captured.err.startswith("tulle up  ")
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("FORCE_COLOR", "1")
    output.print_prefixed("web", 5, 0, "hello")
    assert "\x1b[36m" in capsys.readouterr().out


def test_things_are_counted_in_english() -> None:
    assert [output.counted(number, "file") for number in (0, 1, 2)] == ["0 files", "1 file", "2 files"]
