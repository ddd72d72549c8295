"""Access logs that look at headers."""

from typing import Any

from tests.support.http_bench import LOG_FORMAT, HttpBench

DIRECT = [{"match": {"prefix": "/"}, "direct_response": {"status": 200}}]


def logged(bench: HttpBench, header: dict[str, Any]) -> list[str]:
    """The log of three requests, of which one has the header x: 1, and one cannot be read."""
    log = {
        "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
        "path": str(bench.log_path),
        "log_format": {"text_format_source": {"inline_string": LOG_FORMAT}},
    }
    access_log = [{"name": "file", "typed_config": log, "filter": {"header_filter": {"header": header}}}]
    client = bench.connect(bench.manager(DIRECT, access_log=access_log))
    client.receive(b"GET /1 HTTP/1.1\r\nhost: a\r\nx: 1\r\n\r\n")
    client.receive(b"GET /2 HTTP/1.1\r\nhost: a\r\n\r\n")
    client.receive(b"nonsense\r\n\r\n")
    return [line.split()[1] for line in bench.log]


def test_a_header_decides_what_is_logged(bench: HttpBench) -> None:
    assert logged(bench, {"name": "x", "string_match": {"exact": "1"}}) == ["/1"]


def test_what_could_not_be_read_has_no_headers(bench: HttpBench) -> None:
    assert logged(bench, {"name": "x", "present_match": True, "invert_match": True}) == ["/2", "-"]
