"""`tulle proxy`."""

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.proxy.test_start import GOOD
from tulle.cli.main import main


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    """The command switches the collector off."""
    yield
    gc.enable()


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as caught:
        main(["proxy", *arguments])
    captured = capsys.readouterr()
    return int(caught.value.code or 0), captured.out, captured.err


def test_a_good_file_is_told_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "b.yaml"
    path.write_text(GOOD)
    code, out, _ = run(capsys, "-c", str(path), "--mode", "validate")
    assert (code, out) == (0, f"configuration '{path}' OK\n")


def test_a_bad_file_is_told_with_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "b.yaml"
    path.write_text(GOOD.replace("static_resources:", "statc_resources:"))
    code, out, err = run(capsys, "-c", str(path), "--mode", "validate")
    assert code != 0
    assert "statc_resources" in out + err
    assert "did you mean static_resources?" in out + err


def test_a_file_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "-c", str(tmp_path / "missing.yaml"), "--mode", "validate")
    assert code != 0
    assert "missing.yaml" in out + err


def test_the_file_must_be_given(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys)
    assert code == 64
    assert "--config-path" in err


def test_the_options_reach_the_proxy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Any] = []

    def start_proxy(options: Any, began: float) -> int:
        started.append(options)
        return 0

    monkeypatch.setattr("tulle.proxy.start.start_proxy", start_proxy)
    arguments = ["--concurrency", "3", "--drain-time-s", "7", "--service-node", "n", "--disable-hot-restart"]
    code, _, _ = run(capsys, "-c", "x.yaml", *arguments)
    (options,) = started
    assert code == 0
    assert (options.config_path, options.concurrency, options.drain_time_s) == ("x.yaml", 3, 7)
    assert (options.service_node, options.shutdown_drain_s) == ("n", 7.0)


def test_envoys_options_are_accepted(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "--help")
    assert code == 0
    for option in ("--config-path", "--concurrency", "--mode", "--base-id", "--log-level", "--service-cluster"):
        assert option in out
