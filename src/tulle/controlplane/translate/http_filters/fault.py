"""Failures on purpose (Istio: route.go, TranslateFault)."""

from tulle.api.durations import parse_duration
from tulle.api.networking.virtual_service import FaultAbort as AbortSpec
from tulle.api.networking.virtual_service import FaultDelay as DelaySpec
from tulle.api.networking.virtual_service import HTTPFaultInjection, Percent
from tulle.protos.messages import FaultAbort, FaultDelay, FractionalPercent, HTTPFault

FAULT_FILTER = "envoy.filters.http.fault"

# google.rpc.Code
_GRPC_CODES = {
    name: number
    for number, name in enumerate(
        (
            "OK",
            "CANCELLED",
            "UNKNOWN",
            "INVALID_ARGUMENT",
            "DEADLINE_EXCEEDED",
            "NOT_FOUND",
            "ALREADY_EXISTS",
            "PERMISSION_DENIED",
            "RESOURCE_EXHAUSTED",
            "FAILED_PRECONDITION",
            "ABORTED",
            "OUT_OF_RANGE",
            "UNIMPLEMENTED",
            "INTERNAL",
            "UNAVAILABLE",
            "DATA_LOSS",
            "UNAUTHENTICATED",
        )
    )
}


def fault_filter() -> HTTPFault:
    """Does nothing until a route says something to it."""
    return HTTPFault()


def translate_fault(wanted: HTTPFaultInjection) -> HTTPFault | None:
    """What a route says to the filter; None when nothing is left of it."""
    fault = HTTPFault()
    if wanted.delay is not None:
        delay = _delay(wanted.delay)
        if delay is not None:
            fault.delay.CopyFrom(delay)
    if wanted.abort is not None:
        abort = _abort(wanted.abort)
        if abort is not None:
            fault.abort.CopyFrom(abort)
    return fault if fault.HasField("delay") or fault.HasField("abort") else None


def _delay(wanted: DelaySpec) -> FaultDelay | None:
    time = parse_duration(wanted.fixed_delay or "")
    if not time:
        return None
    delay = FaultDelay()
    delay.fixed_delay.FromTimedelta(time)
    if wanted.percentage is not None:
        delay.percentage.CopyFrom(translate_percent(wanted.percentage))
    else:
        delay.percentage.CopyFrom(FractionalPercent(numerator=wanted.percent))
    return delay


def _abort(wanted: AbortSpec) -> FaultAbort | None:
    abort = FaultAbort()
    if wanted.http_status is not None:
        abort.http_status = wanted.http_status
    elif wanted.grpc_status in _GRPC_CODES:
        abort.grpc_status = _GRPC_CODES[wanted.grpc_status]
    else:
        return None
    if wanted.percentage is not None:
        abort.percentage.CopyFrom(translate_percent(wanted.percentage))
    return abort


def translate_percent(wanted: Percent) -> FractionalPercent:
    """A share with four digits behind the point."""
    return FractionalPercent(numerator=int(wanted.value * 10_000), denominator=FractionalPercent.MILLION)
