"""Access-log formats."""

import json

import pytest

from tulle.proxy.telemetry.log_format import DEFAULT_FORMAT, compile_json, compile_text
from tulle.proxy.telemetry.log_operators import BadFormat
from tulle.proxy.telemetry.stream_info import StreamInfo


def _info() -> StreamInfo:
    info = StreamInfo()
    info.start_time = 1_700_000_000.001
    info.protocol = "HTTP/1.1"
    info.response_code = 200
    info.bytes_sent = 3
    info.duration_ms = 7
    info.upstream_host = "127.0.0.1:19990"
    info.request_headers = {
        b":method": b"GET",
        b":path": b"/a%20b",
        b":authority": b"localhost",
        b"user-agent": b"caf\xe9",
        b"x-request-id": b"id-1",
    }
    info.response_headers = {b"x-envoy-upstream-service-time": b"6"}
    return info


def test_the_default_format_is_envoys() -> None:
    assert compile_text(DEFAULT_FORMAT)(_info()) == (
        '[2023-11-14T22:13:20.001Z] "GET /a%20b HTTP/1.1" 200 - 0 3 7 6 "-" "caf\udce9" "id-1" "localhost" '
        '"127.0.0.1:19990"\n'
    )


def test_percent_signs_length_limits_and_plain_text_are_kept_apart() -> None:
    assert compile_text("100%% %REQ(:path):2%")(_info()) == "100% /a"
    assert compile_text("no operator")(_info()) == "no operator"


def test_missing_values_are_shown_as_the_caller_wants() -> None:
    assert compile_text("[%REQ(X-NONE)%]")(_info()) == "[-]"
    assert compile_text("[%REQ(X-NONE)%]", missing="")(_info()) == "[]"


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("%DURATON%", "did you mean %DURATION%"),
        ("%GRPC_STATUS%", "GRPC_STATUS"),
        ("%REQ(", "not an operator"),
        ("50% off", "not an operator"),
        ("%PROTOCOL(x)%", "%PROTOCOL%: takes no argument"),
    ],
)
def test_what_cannot_be_printed_is_named(pattern: str, message: str) -> None:
    with pytest.raises(BadFormat, match=message.replace("(", r"\(")):
        compile_text(pattern)


def test_json_keeps_the_type_of_a_lone_operator_and_shows_missing_as_null() -> None:
    render = compile_json(
        {
            "code": "%RESPONSE_CODE%",
            "line": "%REQ(:METHOD)% %DURATION%ms",
            "none": "%REQ(X-NONE)%",
            "in": {"list": ["%BYTES_SENT%", 1]},
        }
    )
    text = render(_info())
    assert text.endswith("\n")
    assert json.loads(text) == {"code": 200, "line": "GET 7ms", "none": None, "in": {"list": [3, 1.0]}}


def test_json_can_leave_missing_values_out() -> None:
    assert compile_json({"none": "%REQ(X-NONE)%", "p": "%PROTOCOL%"}, omit_empty=True)(_info()) == '{"p":"HTTP/1.1"}\n'
