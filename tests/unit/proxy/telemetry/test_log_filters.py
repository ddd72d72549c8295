"""Filters of access logs."""

import pytest

from tulle.foundation.errors import InvalidInput
from tulle.protos.messages import AccessLogFilter
from tulle.protos.reading import parse_message
from tulle.proxy.telemetry.log_filters import build_filter
from tulle.proxy.telemetry.response_flags import ResponseFlag
from tulle.proxy.telemetry.stream_info import StreamInfo


def _passes(config: dict[str, object], code: int = 200, flags: int = 0, duration_ms: int = 5) -> bool:
    info = StreamInfo()
    info.response_code, info.response_flags, info.duration_ms = code, flags, duration_ms
    return build_filter(parse_message(AccessLogFilter, config), "filter")(info)


def _compare(op: str, value: int) -> dict[str, object]:
    return {"comparison": {"op": op, "value": {"default_value": value, "runtime_key": "k"}}}


def test_a_status_filter_compares_the_code() -> None:
    assert _passes({"status_code_filter": _compare("GE", 500)}, code=503)
    assert not _passes({"status_code_filter": _compare("GE", 500)}, code=404)


def test_a_duration_filter_compares_milliseconds() -> None:
    assert _passes({"duration_filter": _compare("LE", 5)})
    assert not _passes({"duration_filter": _compare("EQ", 6)})


def test_a_flag_filter_without_flags_wants_any_flag() -> None:
    assert not _passes({"response_flag_filter": {}})
    assert _passes({"response_flag_filter": {}}, flags=ResponseFlag.LOCAL_RESET)
    assert not _passes({"response_flag_filter": {"flags": ["UH", "UF"]}}, flags=ResponseFlag.LOCAL_RESET)
    assert _passes({"response_flag_filter": {"flags": ["UH", "LR"]}}, flags=ResponseFlag.LOCAL_RESET)


def test_and_wants_all_and_or_wants_one() -> None:
    parts = [{"status_code_filter": _compare("GE", 400)}, {"duration_filter": _compare("GE", 100)}]
    assert not _passes({"and_filter": {"filters": parts}}, code=500)
    assert _passes({"or_filter": {"filters": parts}}, code=500)


def test_an_unsupported_kind_is_refused_by_its_path() -> None:
    with pytest.raises(InvalidInput, match=r"filter\.and_filter\.traceable_filter"):
        _passes({"and_filter": {"filters": [{"traceable_filter": {}}, {"response_flag_filter": {}}]}})


def test_those_who_log_may_know_more_kinds() -> None:
    proto = parse_message(AccessLogFilter, {"and_filter": {"filters": [{"traceable_filter": {}}] * 2}})
    assert build_filter(proto, "filter", {"traceable_filter": lambda part, path: lambda info: True})(StreamInfo())


def test_without_health_checks_every_stream_is_recorded() -> None:
    assert _passes({"not_health_check_filter": {}})


def test_an_unknown_flag_is_refused() -> None:
    with pytest.raises(InvalidInput, match="XX is not a response flag"):
        _passes({"response_flag_filter": {"flags": ["XX"]}})
