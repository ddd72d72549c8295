"""Faults of rules as what a route says to Envoy's filter."""

import pytest

from tulle.api.networking.virtual_service import FaultAbort, FaultDelay, HTTPFaultInjection, Percent
from tulle.controlplane.translate.http_filters.fault import fault_filter, translate_fault, translate_percent
from tulle.protos.messages import FractionalPercent, HTTPFault

ALL = Percent(value=100)


def test_the_filter_itself_does_nothing() -> None:
    assert fault_filter() == HTTPFault()


def test_a_delay_and_an_abort_are_told() -> None:
    fault = translate_fault(
        HTTPFaultInjection(
            delay=FaultDelay(fixed_delay="0.3s", percentage=ALL), abort=FaultAbort(http_status=503, percentage=ALL)
        )
    )
    assert fault is not None
    assert fault.delay.fixed_delay.ToMilliseconds() == 300
    assert fault.abort.http_status == 503
    assert fault.abort.percentage == fault.delay.percentage == translate_percent(ALL)


def test_shares_have_four_digits_or_are_whole() -> None:
    assert translate_percent(Percent(value=12.5)).numerator == 125_000
    assert translate_percent(Percent(value=0.0001)).numerator == 1
    whole = translate_fault(HTTPFaultInjection(delay=FaultDelay(fixed_delay="1s", percent=5)))
    assert whole is not None
    assert whole.delay.percentage == FractionalPercent(numerator=5)


def test_without_a_share_nobody_is_hit() -> None:
    fault = translate_fault(HTTPFaultInjection(abort=FaultAbort(http_status=500)))
    assert fault is not None
    assert fault.abort.percentage.numerator == 0


def test_a_status_of_grpc_goes_by_its_name() -> None:
    fault = translate_fault(HTTPFaultInjection(abort=FaultAbort(grpc_status="UNAVAILABLE", percentage=ALL)))
    assert fault is not None
    assert fault.abort.grpc_status == 14


@pytest.mark.parametrize(
    "wanted",
    [
        HTTPFaultInjection(),
        HTTPFaultInjection(delay=FaultDelay(exponential_delay="1s", percent=5)),
        HTTPFaultInjection(abort=FaultAbort(http2_error="x", percentage=ALL)),
        HTTPFaultInjection(abort=FaultAbort(grpc_status="NOT A STATUS", percentage=ALL)),
    ],
)
def test_what_envoy_has_no_word_for_is_left_out(wanted: HTTPFaultInjection) -> None:
    assert translate_fault(wanted) is None
