"""What commands print."""

import io

import pytest

from tulle.cli import output


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
