"""One record of the access log."""

from collections.abc import Iterator

from bench.micro.stopwatch import Step
from tulle.proxy.telemetry.log_format import DEFAULT_FORMAT, compile_json, compile_text
from tulle.proxy.telemetry.stream_info import StreamInfo


def steps() -> Iterator[Step]:
    """Envoy's default text, and JSON with five fields."""
    info = StreamInfo()
    info.start_time = 1_700_000_000.001
    info.protocol = "HTTP/1.1"
    info.response_code = 200
    info.upstream_host = "127.0.0.1:8080"
    info.request_headers = {b":method": b"GET", b":path": b"/", b":authority": b"localhost", b"user-agent": b"bench"}
    info.response_headers = {b"x-envoy-upstream-service-time": b"6"}
    text = compile_text(DEFAULT_FORMAT)
    fields = ("START_TIME", "PROTOCOL", "RESPONSE_CODE", "UPSTREAM_HOST", "REQ(:PATH)")
    record = compile_json({field.lower(): f"%{field}%" for field in fields})
    yield Step("a StreamInfo made", StreamInfo)
    yield Step("default text", lambda: text(info))
    yield Step("JSON with five fields", lambda: record(info))
