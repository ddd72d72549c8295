"""Which streams an access log records (envoy.config.accesslog.v3.AccessLogFilter)."""

from collections.abc import Callable, Mapping

from tulle.foundation.errors import FieldProblem, InvalidInput
from tulle.protos.messages import AccessLogFilter, ComparisonFilter
from tulle.proxy.telemetry.response_flags import BY_SHORT_NAME
from tulle.proxy.telemetry.stream_info import StreamInfo

Filter = Callable[[StreamInfo], bool]
Compare = Callable[[int, int], bool]

_COMPARE: dict[int, Compare] = {
    ComparisonFilter.EQ: lambda left, right: left == right,
    ComparisonFilter.GE: lambda left, right: left >= right,
    ComparisonFilter.LE: lambda left, right: left <= right,
    ComparisonFilter.NE: lambda left, right: left != right,
}


BuildFilter = Callable[[AccessLogFilter, str], Filter]
NO_MORE: Mapping[str, BuildFilter] = {}


def build_filter(proto: AccessLogFilter, path: str, more: Mapping[str, BuildFilter] = NO_MORE) -> Filter:
    """The function that tells whether a stream is recorded; InvalidInput for a kind that is not supported.

    `more`: kinds that only those who log know how to build, by field name.
    """
    kind = proto.WhichOneof("filter_specifier")
    if kind in more:
        return more[kind](proto, path)
    match kind:
        case "status_code_filter":
            return _build_comparison(proto.status_code_filter.comparison, lambda info: info.response_code)
        case "duration_filter":
            return _build_comparison(proto.duration_filter.comparison, lambda info: info.duration_ms or 0)
        case "response_flag_filter":
            return _build_flags(list(proto.response_flag_filter.flags), f"{path}.response_flag_filter")
        case "not_health_check_filter":
            return lambda info: True  # without the health check filter no request is known to be one
        case "and_filter":
            parts = [build_filter(part, f"{path}.and_filter", more) for part in proto.and_filter.filters]
            return lambda info: all(part(info) for part in parts)
        case "or_filter":
            parts = [build_filter(part, f"{path}.or_filter", more) for part in proto.or_filter.filters]
            return lambda info: any(part(info) for part in parts)
    raise InvalidInput([FieldProblem(f"{path}.{kind}", "this field is not supported")])


def _build_comparison(proto: ComparisonFilter, read: Callable[[StreamInfo], int]) -> Filter:
    compare = _COMPARE[proto.op]
    bound = proto.value.default_value
    return lambda info: compare(read(info), bound)


def _build_flags(names: list[str], path: str) -> Filter:
    unknown = [name for name in names if name not in BY_SHORT_NAME]
    if unknown:
        raise InvalidInput([FieldProblem(f"{path}.flags", f"{name} is not a response flag") for name in unknown])
    wanted = 0
    for name in names:
        wanted |= BY_SHORT_NAME[name]
    if not wanted:
        return lambda info: info.response_flags != 0
    return lambda info: bool(info.response_flags & wanted)
