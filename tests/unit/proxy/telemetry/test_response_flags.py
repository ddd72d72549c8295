"""Response flags."""

from tulle.proxy.telemetry.response_flags import FLAGS, ResponseFlag, long_names, short_names


def test_flags_are_printed_in_envoys_order_whatever_was_set_first() -> None:
    flags = ResponseFlag.UPSTREAM_RETRY_LIMIT_EXCEEDED | ResponseFlag.UPSTREAM_CONNECTION_FAILURE
    assert short_names(flags) == "UF,URX"
    assert long_names(flags) == "UpstreamConnectionFailure,UpstreamRetryLimitExceeded"


def test_no_flag_is_a_dash() -> None:
    assert (short_names(0), long_names(0)) == ("-", "-")


def test_every_flag_has_a_bit_and_names_of_its_own() -> None:
    for position in range(3):
        assert len({flag[position] for flag in FLAGS}) == len(FLAGS) == 30
