"""Access logs: one record per request or connection, filtered, formatted, appended to a file."""

from collections.abc import Iterable, Mapping

from google.protobuf import json_format

from tulle.foundation.errors import FieldProblem, InvalidInput
from tulle.protos.messages import (
    AccessLog as AccessLogProto,
)
from tulle.protos.messages import (
    FileAccessLog,
    StderrAccessLog,
    StdoutAccessLog,
    SubstitutionFormatString,
)
from tulle.protos.pool import type_url_of
from tulle.proxy.telemetry.log_files import LogFile, LogFiles
from tulle.proxy.telemetry.log_filters import NO_MORE, BuildFilter, Filter, build_filter
from tulle.proxy.telemetry.log_format import DEFAULT_FORMAT, Format, compile_json, compile_text
from tulle.proxy.telemetry.log_operators import BadFormat
from tulle.proxy.telemetry.stream_info import StreamInfo

_FILE = type_url_of(FileAccessLog)
_STREAMS = {type_url_of(StdoutAccessLog): "/dev/stdout", type_url_of(StderrAccessLog): "/dev/stderr"}


class AccessLog:
    """One configured access log."""

    __slots__ = ("_file", "_filter", "_format")

    def __init__(self, record_format: Format, file: LogFile, record_filter: Filter | None) -> None:
        self._format = record_format
        self._file = file
        self._filter = record_filter

    def log(self, info: StreamInfo) -> None:
        """Records a stream that has ended, when the filter wants it."""
        if self._filter is None or self._filter(info):
            self._file.write(self._format(info))


def build_access_logs(
    protos: Iterable[AccessLogProto], files: LogFiles, filters: Mapping[str, BuildFilter] = NO_MORE
) -> tuple[AccessLog, ...]:
    """The access logs of a listener, connection manager or TCP proxy; InvalidInput names every field that is wrong.

    `filters`: kinds of filters that only those who log know how to build.
    """
    problems: list[FieldProblem] = []
    logs: list[AccessLog] = []
    for index, proto in enumerate(protos):
        try:
            logs.append(_build(proto, files, f"access_log[{index}]", filters))
        except InvalidInput as error:
            problems.extend(error.problems)
    if problems:
        raise InvalidInput(problems)
    return tuple(logs)


def _build(proto: AccessLogProto, files: LogFiles, path: str, filters: Mapping[str, BuildFilter]) -> AccessLog:
    config_path = f"{path}.typed_config"
    record_filter = build_filter(proto.filter, f"{path}.filter", filters) if proto.HasField("filter") else None
    type_url = proto.typed_config.type_url
    if type_url == _FILE:
        config = FileAccessLog.FromString(proto.typed_config.value)
        target, record_format = config.path, _file_format(config, config_path)
    elif type_url in _STREAMS:
        stream = StdoutAccessLog.FromString(proto.typed_config.value)  # both stream messages have the same fields
        target = _STREAMS[type_url]
        record_format = (
            build_format(stream.log_format, f"{config_path}.log_format")
            if stream.HasField("log_format")
            else compile_text(DEFAULT_FORMAT)
        )
    else:
        raise InvalidInput([FieldProblem(config_path, f"{type_url} is not a supported access log")])
    try:
        file = files.open(target)
    except OSError as error:
        problem = FieldProblem(f"{config_path}.path", f"cannot open {target}: {error.strerror}")
        raise InvalidInput([problem]) from error
    return AccessLog(record_format, file, record_filter)


def _file_format(config: FileAccessLog, path: str) -> Format:
    match config.WhichOneof("access_log_format"):
        case "log_format":
            return build_format(config.log_format, f"{path}.log_format")
        case "format":
            return _compiled(config.format, f"{path}.format")
        case "json_format":
            return compile_json(json_format.MessageToDict(config.json_format))
        case "typed_json_format":
            return compile_json(json_format.MessageToDict(config.typed_json_format))
    return compile_text(DEFAULT_FORMAT)


def build_format(proto: SubstitutionFormatString, path: str) -> Format:
    """The function that prints a stream in this format; InvalidInput names what it cannot print."""
    missing = "" if proto.omit_empty_values else "-"
    match proto.WhichOneof("format"):
        case "text_format":
            return _compiled(proto.text_format, f"{path}.text_format", missing)
        case "text_format_source":
            source = proto.text_format_source
            if source.WhichOneof("specifier") != "inline_string":
                raise InvalidInput([FieldProblem(f"{path}.text_format_source", "only inline_string is supported")])
            return _compiled(source.inline_string, f"{path}.text_format_source.inline_string", missing)
        case "json_format":
            try:
                return compile_json(json_format.MessageToDict(proto.json_format), proto.omit_empty_values)
            except BadFormat as error:
                raise InvalidInput([FieldProblem(f"{path}.json_format", str(error))]) from error
    raise InvalidInput([FieldProblem(path, "one of the fields of format must be set")])


def _compiled(pattern: str, path: str, missing: str = "-") -> Format:
    try:
        return compile_text(pattern or DEFAULT_FORMAT, missing)
    except BadFormat as error:
        raise InvalidInput([FieldProblem(path, str(error))]) from error
