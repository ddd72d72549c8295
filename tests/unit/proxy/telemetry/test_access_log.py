"""Access logs from their configuration."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tulle.foundation.errors import InvalidInput
from tulle.protos.messages import AccessLog as AccessLogProto
from tulle.protos.reading import parse_message
from tulle.proxy.telemetry.access_log import build_access_logs
from tulle.proxy.telemetry.log_files import LogFiles
from tulle.proxy.telemetry.stream_info import StreamInfo

_FILE = "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog"
_STDOUT = "type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog"


class _Timer:
    def cancel(self) -> None:
        """Nothing waits."""


def _never(delay: float, callback: Callable[[], None]) -> _Timer:
    return _Timer()


def _log(config: dict[str, object], **more: object) -> AccessLogProto:
    return parse_message(AccessLogProto, {"name": "log", "typed_config": config, **more})


def _records(tmp_path: Path, config: dict[str, object], **more: object) -> str:
    files = LogFiles(_never)
    logs = build_access_logs([_log({"@type": _FILE, "path": str(tmp_path / "log"), **config}, **more)], files)
    for code in (200, 503):
        info = StreamInfo()
        info.response_code = code
        logs[0].log(info)
    files.close()
    return (tmp_path / "log").read_text()


def test_without_a_format_envoys_default_is_written(tmp_path: Path) -> None:
    assert _records(tmp_path, {}).splitlines()[0].endswith('"- - -" 200 - 0 0 - - "-" "-" "-" "-" "-"')


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ({"format": "%RESPONSE_CODE%\n"}, "200\n503\n"),
        ({"log_format": {"text_format": "%RESPONSE_CODE%;"}}, "200;503;"),
        ({"log_format": {"text_format_source": {"inline_string": "%RESPONSE_CODE%,"}}}, "200,503,"),
        ({"log_format": {"json_format": {"code": "%RESPONSE_CODE%"}}}, '{"code":200}\n{"code":503}\n'),
        ({"json_format": {"code": "%RESPONSE_CODE%"}}, '{"code":200}\n{"code":503}\n'),
    ],
)
def test_every_way_to_write_a_format_works(tmp_path: Path, config: dict[str, object], text: str) -> None:
    assert _records(tmp_path, config) == text


def test_a_filter_keeps_records_out(tmp_path: Path) -> None:
    wanted = {"comparison": {"op": "GE", "value": {"default_value": 500, "runtime_key": "k"}}}
    assert _records(tmp_path, {"format": "%RESPONSE_CODE%\n"}, filter={"status_code_filter": wanted}) == "503\n"


def test_all_problems_are_named_at_once(tmp_path: Path) -> None:
    bad = [
        _log({"@type": _FILE, "path": "/nowhere/at/all", "format": "%REQ(X)%"}),
        _log({"@type": _STDOUT, "log_format": {"text_format": "%NONSENSE%"}}),
        _log({"@type": _FILE, "path": str(tmp_path / "x"), "log_format": {"text_format_source": {"filename": "f"}}}),
    ]
    with pytest.raises(InvalidInput) as caught:
        build_access_logs(bad, LogFiles(_never))
    assert [problem.path for problem in caught.value.problems] == [
        "access_log[0].typed_config.path",
        "access_log[1].typed_config.log_format.text_format",
        "access_log[2].typed_config.log_format.text_format_source",
    ]
