"""Access-log operators."""

import pytest

from tests.support.tls_peers import Conversation, recipe
from tulle.proxy.telemetry.connection_info import ConnectionInfo
from tulle.proxy.telemetry.log_operators import OPERATORS, BadFormat
from tulle.proxy.telemetry.stream_info import StreamInfo
from tulle.proxy.telemetry.tls_facts import TlsFacts


def _info() -> StreamInfo:
    info = StreamInfo()
    info.start_time = 1_700_000_000.0625
    info.downstream_remote = "[::1]:5000"
    info.upstream_host = info.upstream_remote = "10.0.0.1:80"
    info.upstream_transport_failure = "delayed connect error: Connection refused"
    info.request_headers = {b"user-agent": b"curl", b":path": b"/x"}
    return info


@pytest.mark.parametrize(
    ("argument", "text"),
    [
        ("", "2023-11-14T22:13:20.062Z"),
        ("%s.%6f", "1700000000.062500"),
        ("%Y/%m/%d", "2023/11/14"),
        ("%H:%M:%E6S", "22:13:20.062500"),
        ("%s.%3f end %S", "1700000000.062 end 20"),
    ],
)
def test_start_time_takes_envoys_formats(argument: str, text: str) -> None:
    assert OPERATORS["START_TIME"](argument)(_info()) == text


def test_a_clock_gives_the_right_text_for_times_in_one_second_and_in_the_next() -> None:
    extract = OPERATORS["START_TIME"]("%S.%3f")
    info = _info()
    texts = []
    for when in (10.5, 10.25, 11.0, 10.75):
        info.start_time = when
        texts.append(extract(info))
    assert texts == ["10.500", "10.250", "11.000", "10.750"]


@pytest.mark.parametrize(
    ("name", "argument", "value"),
    [
        ("REQ", "X-MISSING?:PATH", "/x"),
        ("REQ", "USER-AGENT", "curl"),
        ("REQ", "X-MISSING", None),
        ("RESP", "X", None),
        ("DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT", "", "::1"),
        ("DOWNSTREAM_REMOTE_PORT", "", 5000),
        ("UPSTREAM_TRANSPORT_FAILURE_REASON", "", "delayed_connect_error:_Connection_refused"),
        ("UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT", "", "10.0.0.1"),
        ("RESPONSE_FLAGS", "", "-"),
        ("DURATION", "", None),
    ],
)
def test_an_operator_reads_its_part_of_the_stream(name: str, argument: str, value: object) -> None:
    assert OPERATORS[name](argument)(_info()) == value


@pytest.mark.parametrize(("name", "argument"), [("DURATION", "x"), ("REQ", ""), ("START_TIME", "%3f %6f")])
def test_a_bad_argument_is_refused(name: str, argument: str) -> None:
    with pytest.raises(BadFormat):
        OPERATORS[name](argument)


def test_a_header_that_is_there_but_empty_is_not_missing() -> None:
    info = StreamInfo()
    info.request_headers = {b"x-empty": b"", b"x-other": b"o", b":authority": b"h"}
    info.response_headers = info.request_headers
    assert OPERATORS["REQ"]("X-EMPTY?X-OTHER")(info) == ""
    assert OPERATORS["REQ"]("X-NONE?X-OTHER")(info) == "o"
    assert OPERATORS["RESP"]("X-EMPTY?X-OTHER")(info) == ""
    assert OPERATORS["REQ"]("X-NONE")(info) is None
    assert OPERATORS["REQ"]("Host")(info) == "h"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DOWNSTREAM_TLS_VERSION", "TLSv1.3"),
        ("DOWNSTREAM_PEER_SUBJECT", "CN=server,O=Tulle"),
        ("DOWNSTREAM_PEER_ISSUER", "CN=root,O=Tulle"),
        ("DOWNSTREAM_PEER_DNS_SAN", "a.org,b.org"),
        ("DOWNSTREAM_PEER_URI_SAN", "spiffe://td/a"),
        ("DOWNSTREAM_PEER_IP_SAN", None),
    ],
)
def test_an_operator_tells_of_tls(name: str, value: str | None) -> None:
    conversation = Conversation(recipe(False), recipe(True, "server", "a.org", "b.org", "spiffe://td/a"))
    conversation.pump()
    info = StreamInfo()
    info.downstream = ConnectionInfo()
    extract = OPERATORS[name]("")
    assert extract(info) is None
    info.downstream.tls = TlsFacts(conversation.tls.connection, True)
    assert extract(info) == value


def test_a_reason_of_failure_has_no_spaces() -> None:
    info = StreamInfo()
    info.downstream = ConnectionInfo()
    extract = OPERATORS["DOWNSTREAM_TRANSPORT_FAILURE_REASON"]("")
    assert extract(info) is None
    info.downstream.transport_failure = "connect timeout"
    assert extract(info) == "connect_timeout"
