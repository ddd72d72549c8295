"""Response flags."""

from tulle.proxy.telemetry.response_flags import BY_SHORT_NAME, FLAGS, ResponseFlag, long_names, short_names


def test_flags_are_printed_in_envoys_order_whatever_was_set_first() -> None:
    flags = ResponseFlag.UPSTREAM_RETRY_LIMIT_EXCEEDED | ResponseFlag.UPSTREAM_CONNECTION_FAILURE
    assert short_names(flags) == "URX,UF"
    assert long_names(flags) == "UpstreamRetryLimitExceeded,UpstreamConnectionFailure"
    flags = ResponseFlag.CONNECT_ATTEMPTS_EXCEEDED | ResponseFlag.UPSTREAM_CONNECTION_FAILURE
    assert short_names(flags) == "UF,URX"


def test_a_name_stands_for_all_bits_that_are_printed_so() -> None:
    both = ResponseFlag.UPSTREAM_RETRY_LIMIT_EXCEEDED | ResponseFlag.CONNECT_ATTEMPTS_EXCEEDED
    assert BY_SHORT_NAME["URX"] == both


def test_no_flag_is_a_dash() -> None:
    assert (short_names(0), long_names(0)) == ("-", "-")


def test_every_flag_has_a_bit_and_all_but_one_have_names_of_their_own() -> None:
    assert len({bit for bit, _, _ in FLAGS}) == len(FLAGS) == 31
    assert len({short for _, short, _ in FLAGS}) == len({name for _, _, name in FLAGS}) == 30
