"""`tulle analyze`."""

import json
from pathlib import Path

import pytest

from tulle.cli.main import main

BROKEN = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: x}]}\n"
UNUSED = (
    "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a}\n"
    "spec: {hosts: [a], http: [{mirror: {host: b}, route: [{destination: {host: a}}]}]}\n"
)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as caught:
        main(["analyze", *arguments])
    captured = capsys.readouterr()
    return int(caught.value.code or 0), captured.out, captured.err


def test_an_error_is_shown_with_its_place_and_lines_and_exits_with_79(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.yaml").write_text(BROKEN)
    code, out, _ = run(capsys, str(tmp_path))
    assert code == 79
    assert "a.yaml:4:17: error TUL0003 Service/default/a: spec.ports[0].port" in out
    assert "> 4 | spec:" in out


def test_a_field_without_effect_is_a_warning_that_names_it_and_fails_only_when_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.yaml").write_text(UNUSED)
    code, out, _ = run(capsys, str(tmp_path), "-o", "json")
    assert (code, json.loads(out)[0]["path"]) == (0, "spec.http[0].mirror")
    assert run(capsys, str(tmp_path), "--failure-threshold", "warning")[0] == 79


def test_a_finding_can_be_passed_over_by_code_and_resource(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.yaml").write_text(UNUSED)
    strict = (str(tmp_path), "--failure-threshold", "warning", "--suppress")
    assert run(capsys, *strict, "TUL0102=VirtualService/*/a")[0] == 0
    assert run(capsys, *strict, "TUL0102")[0] == 0
    assert run(capsys, *strict, "TUL0102=VirtualService/*/b")[0] == 79


def test_a_path_that_does_not_exist_exits_with_65(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "/no/such.yaml")
    assert (code, out) == (65, "")
    assert "/no/such.yaml: there is no such file" in err


def test_what_was_read_and_found_is_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.yaml").write_text(UNUSED)
    assert run(capsys, str(tmp_path))[2] == "1 resource in 1 file, 1 finding\n"


def test_a_binary_file_cannot_steer_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.yaml").write_bytes(b"a: b\n\x1b]0;title\x07\x00\x9b\xff\xfe: [\n")
    (tmp_path / "b.yaml").write_text(BROKEN.replace("name: a", 'name: "\\e[31m"'))
    code, out, _ = run(capsys, str(tmp_path))
    assert code == 79
    assert all(character.isprintable() or character == "\n" for character in out)
    assert r"\x1b[31m" in out
