"""Filters of access logs that need to know HTTP's headers, beside those of `telemetry.log_filters`."""

from tulle.foundation.errors import InvalidInput
from tulle.protos.messages import AccessLogFilter
from tulle.proxy.headers import Headers
from tulle.proxy.router.conditions import build_header_conditions
from tulle.proxy.router.string_match import Problems
from tulle.proxy.telemetry.log_filters import BuildFilter, Filter
from tulle.proxy.telemetry.stream_info import StreamInfo

_NONE = Headers()


def _build_header_filter(proto: AccessLogFilter, path: str) -> Filter:
    """Records streams whose request has the header."""
    problems: Problems = []
    (condition,) = build_header_conditions([proto.header_filter.header], f"{path}.header_filter", problems)
    if problems:
        raise InvalidInput(problems)

    def wanted(info: StreamInfo) -> bool:
        headers = info.request_headers
        return condition.holds(headers if isinstance(headers, Headers) else _NONE)

    return wanted


HTTP_LOG_FILTERS: dict[str, BuildFilter] = {"header_filter": _build_header_filter}
