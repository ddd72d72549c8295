"""Answers of our own."""

from typing import Any

import pytest

from tests.support.h2_peer import GET as H2_GET
from tests.support.http_bench import HttpBench, body_of, head_of
from tulle.foundation.errors import InvalidInput
from tulle.proxy.headers import Headers
from tulle.proxy.http.local_reply import is_grpc_request

GET = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"
NOWHERE = [{"match": {"prefix": "/nowhere"}, "route": {"cluster": "c"}}]
TEXT = {"text_format_source": {"inline_string": "%RESPONSE_CODE%: %LOCAL_REPLY_BODY%"}}


def unhealthy(bench: HttpBench, request: bytes = GET, **config: Any) -> tuple[bytes, dict[bytes, bytes], bytes]:
    """The answer to a request to a cluster without hosts."""
    bench.add_cluster("empty", ports=())
    routes = [{"match": {"prefix": "/"}, "route": {"cluster": "empty"}}]
    fields = {"local_reply_config": config} if config else {}
    client = bench.connect(bench.manager(routes, **fields), request)
    line, headers = head_of(client.written)
    return line, headers, body_of(client.written)


def status_filter(code: int) -> dict[str, Any]:
    comparison = {"op": "EQ", "value": {"default_value": code, "runtime_key": "none"}}
    return {"status_code_filter": {"comparison": comparison}}


def test_a_text_is_plain(bench: HttpBench) -> None:
    line, headers, body = unhealthy(bench)
    assert line == b"HTTP/1.1 503 Service Unavailable"
    assert headers[b"content-type"] == b"text/plain"
    assert headers[b"content-length"] == b"19"
    assert body == b"no healthy upstream"


def test_an_empty_text_has_no_type(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(NOWHERE), GET)
    headers = head_of(client.written)[1]
    assert headers[b"content-length"] == b"0"
    assert b"content-type" not in headers


def test_the_answer_to_head_has_the_length_of_its_text_only(bench: HttpBench) -> None:
    _, headers, body = unhealthy(bench, b"HEAD / HTTP/1.1\r\nhost: a\r\n\r\n")
    assert (headers[b"content-length"], body) == (b"19", b"")


@pytest.mark.parametrize("content_type", [b"application/grpc", b"application/grpc+proto"])
def test_a_grpc_call_gets_status_and_message(bench: HttpBench, content_type: bytes) -> None:
    bench.add_cluster("empty", ports=())
    peer = bench.connect_h2(bench.manager([{"match": {"prefix": "/"}, "route": {"cluster": "empty"}}]))
    stream = peer.request([*H2_GET, (b"content-type", content_type)])
    headers = peer.headers(stream)
    assert headers[b":status"] == b"200"
    assert headers[b"grpc-status"] == b"14"
    assert headers[b"grpc-message"] == b"no healthy upstream"
    assert headers[b"content-type"] == b"application/grpc"
    assert peer.ended(stream)


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        (b"application/grpc", True),
        (b"application/grpc+json", True),
        (b"application/grpc-web", False),
        (b"application/json", False),
        (None, False),
    ],
)
def test_grpc_is_told_by_its_content_type(content_type: bytes | None, expected: bool) -> None:
    headers = Headers() if content_type is None else Headers({b"content-type": content_type})
    assert is_grpc_request(headers) is expected


def test_a_body_format_is_for_all_answers(bench: HttpBench) -> None:
    _, headers, body = unhealthy(bench, body_format=TEXT)
    assert (headers[b"content-type"], body) == (b"text/plain", b"503: no healthy upstream")


def test_a_body_format_may_be_json(bench: HttpBench) -> None:
    form = {"json_format": {"text": "%LOCAL_REPLY_BODY%"}, "content_type": "application/problem+json"}
    _, headers, body = unhealthy(bench, body_format=form)
    assert headers[b"content-type"] == b"application/problem+json"
    assert body.strip() == b'{"text":"no healthy upstream"}'


def test_the_first_mapper_that_fits_changes_status_and_text(bench: HttpBench) -> None:
    mappers = [
        {"filter": status_filter(404), "status_code": 410},
        {"filter": status_filter(503), "status_code": 500, "body": {"inline_string": "sorry"}},
        {"filter": status_filter(503), "status_code": 501},
    ]
    line, _, body = unhealthy(bench, mappers=mappers)
    assert (line, body) == (b"HTTP/1.1 500 Internal Server Error", b"sorry")
    assert bench.log[0].split()[3:6] == ["500", "no_healthy_upstream", "UH"]


def test_a_mapper_may_have_a_format_of_its_own(bench: HttpBench) -> None:
    override = {"text_format_source": {"inline_string": "<%LOCAL_REPLY_BODY%>"}, "content_type": "text/html"}
    mappers = [{"filter": status_filter(503), "body_format_override": override}]
    _, headers, body = unhealthy(bench, mappers=mappers, body_format=TEXT)
    assert (headers[b"content-type"], body) == (b"text/html", b"<no healthy upstream>")


def test_bytes_that_were_no_request_are_answered_in_the_same_form(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(local_reply_config={"body_format": TEXT}), b"nonsense\r\n\r\n")
    assert body_of(client.written) == b"400: Bad Request"
    assert head_of(client.written)[1][b"content-length"] == b"16"


def test_what_cannot_be_built_is_named(bench: HttpBench) -> None:
    mappers = [{"filter": status_filter(503), "body": {"filename": "/etc/hostname"}}]
    with pytest.raises(InvalidInput, match=r"local_reply_config.mappers\[0\].body: only inline_string"):
        bench.manager(local_reply_config={"mappers": mappers})
