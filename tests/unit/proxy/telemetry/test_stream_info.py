"""Stream info."""

import pytest

from tulle.proxy.telemetry.stream_info import StreamInfo


def test_a_new_stream_knows_nothing_and_takes_no_unknown_attribute() -> None:
    info = StreamInfo()
    assert info.response_code == 0
    assert info.upstream_host is None
    with pytest.raises(AttributeError):
        info.upstream_hots = "1.2.3.4:80"  # type: ignore[attr-defined]
