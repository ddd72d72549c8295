"""What becomes of a request's headers before it is routed."""

import pytest

from tests.support.h2_peer import GET as H2_GET
from tests.support.http_bench import HttpBench, head_of
from tulle.proxy.headers import Headers
from tulle.proxy.http.request_headers import (
    append_forwarded,
    append_via,
    drop_underscores,
    is_loopback,
    last_forwarded,
)
from tulle.proxy.http.settings import UNDERSCORES_DROP, UNDERSCORES_REJECT

INSIDE = {"internal_address_config": {"cidr_ranges": [{"address_prefix": "10.0.0.0", "prefix_len": 8}]}}
EDGE = {**INSIDE, "use_remote_address": True}
CONTROL = (
    b"x-envoy-retry-on",
    b"x-envoy-max-retries",
    b"x-envoy-upstream-rq-timeout-ms",
    b"x-envoy-upstream-alt-stat-name",
    b"x-envoy-force-trace",
    b"x-envoy-original-url",
    b"x-envoy-ip-tags",
)
AT_THE_EDGE = (
    b"x-envoy-decorator-operation",
    b"x-envoy-downstream-service-cluster",
    b"x-envoy-downstream-service-node",
    b"x-envoy-original-path",
)


def seen(bench: HttpBench, sent: str = "", remote_ip: str = "1.2.3.4", **fields: object) -> dict[bytes, bytes]:
    """The fields that the host sees of a request with these fields; a line each."""
    lines = "".join(f"{line.strip()}\r\n" for line in sent.strip().splitlines())
    data = f"GET /p HTTP/1.1\r\nhost: a\r\n{lines}\r\n".encode()
    bench.connect(bench.manager(**fields), data, bench.info(remote_ip))
    return head_of(bench.upstream().written)[1]


# Addresses.


def test_without_trust_in_the_peer_the_forwarded_addresses_stay(bench: HttpBench) -> None:
    fields = seen(bench, "x-forwarded-for: 9.9.9.9, 8.8.8.8")
    assert fields[b"x-forwarded-for"] == b"9.9.9.9, 8.8.8.8"
    assert fields[b"x-forwarded-proto"] == b"http"
    assert {b"x-envoy-internal", b"x-envoy-external-address"}.isdisjoint(fields)


def test_at_the_edge_the_peer_is_added(bench: HttpBench) -> None:
    fields = seen(bench, "x-forwarded-for: 9.9.9.9", **EDGE)
    assert fields[b"x-forwarded-for"] == b"9.9.9.9,1.2.3.4"
    assert fields[b"x-envoy-external-address"] == b"1.2.3.4"


def test_a_loopback_peer_is_added_as_this_machine(bench: HttpBench) -> None:
    assert seen(bench, remote_ip="127.0.0.1", **EDGE)[b"x-forwarded-for"] == b"10.1.2.3"


def test_the_peer_need_not_be_added(bench: HttpBench) -> None:
    assert b"x-forwarded-for" not in seen(bench, skip_xff_append=True, **EDGE)


@pytest.mark.parametrize(
    ("hops", "forwarded", "external"),
    [
        (0, "9.9.9.9, 8.8.8.8", b"1.2.3.4"),
        (1, "9.9.9.9, 8.8.8.8", b"8.8.8.8"),
        (2, "9.9.9.9, 8.8.8.8", b"9.9.9.9"),
        (2, "8.8.8.8", b"1.2.3.4"),
        (1, "nonsense", b"1.2.3.4"),
    ],
)
def test_trusted_hops_are_counted_from_the_right(bench: HttpBench, hops: int, forwarded: str, external: bytes) -> None:
    fields = seen(bench, f"x-forwarded-for: {forwarded}", xff_num_trusted_hops=hops, **EDGE)
    assert fields[b"x-envoy-external-address"] == external
    assert fields[b"x-forwarded-for"] == f"{forwarded},1.2.3.4".encode()


@pytest.mark.parametrize(
    ("hops", "forwarded", "internal"),
    [
        (0, "10.0.0.1", True),
        (0, "9.9.9.9", False),
        (0, "9.9.9.9, 10.0.0.1", False),
        (1, "10.0.0.1", False),
        (0, "nonsense", False),
    ],
)
def test_a_lone_forwarded_address_of_ours_makes_a_request_internal(
    bench: HttpBench, hops: int, forwarded: str, internal: bool
) -> None:
    fields = seen(bench, f"x-forwarded-for: {forwarded}", xff_num_trusted_hops=hops, **INSIDE)
    assert (fields.get(b"x-envoy-internal") == b"true") is internal


def test_at_the_edge_a_peer_of_ours_is_internal_unless_it_forwards(bench: HttpBench) -> None:
    fields = seen(bench, remote_ip="10.0.0.7", **EDGE)
    assert fields[b"x-envoy-internal"] == b"true"
    assert b"x-envoy-external-address" not in fields
    bench.connector.attempts.clear()
    fields = seen(bench, "x-forwarded-for: 9.9.9.9", "10.0.0.7", **EDGE)
    assert b"x-envoy-internal" not in fields


def test_the_log_shows_the_client_that_was_claimed(bench: HttpBench) -> None:
    log = {
        "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
        "path": str(bench.log_path),
        "log_format": {"text_format_source": {"inline_string": "%DOWNSTREAM_REMOTE_ADDRESS%\n"}},
    }
    access_log = [{"name": "file", "typed_config": log}]
    routes = [{"match": {"prefix": "/"}, "direct_response": {"status": 200}}]
    manager = bench.manager(routes, access_log=access_log, xff_num_trusted_hops=1, **EDGE)
    bench.connect(manager, b"GET / HTTP/1.1\r\nhost: a\r\nx-forwarded-for: 9.9.9.9\r\n\r\n")
    assert bench.log == ["9.9.9.9:0"]


def test_the_port_that_was_called_may_be_told(bench: HttpBench) -> None:
    assert seen(bench, append_x_forwarded_port=True, **EDGE)[b"x-forwarded-port"] == b"80"


# Scheme.


@pytest.mark.parametrize(
    ("sent", "fields", "proto"),
    [
        ("", {}, b"http"),
        ("x-forwarded-proto: https", {}, b"https"),
        ("x-forwarded-proto: https", EDGE, b"http"),
        ("x-forwarded-proto: https", {**EDGE, "xff_num_trusted_hops": 1}, b"https"),
        ("", {"scheme_header_transformation": {"scheme_to_overwrite": "https"}}, b"https"),
    ],
)
def test_the_scheme_is_believed_or_told(bench: HttpBench, sent: str, fields: dict[str, object], proto: bytes) -> None:
    assert seen(bench, sent, **fields)[b"x-forwarded-proto"] == proto


def test_a_connection_with_tls_is_https(bench: HttpBench) -> None:
    info = bench.info()
    info.transport_protocol = "tls"
    bench.connect(bench.manager(), b"GET / HTTP/1.1\r\nhost: a\r\n\r\n", info)
    assert head_of(bench.upstream().written)[1][b"x-forwarded-proto"] == b"https"


def test_the_scheme_of_a_stream_follows(bench: HttpBench) -> None:
    manager = bench.manager([{"match": {"prefix": "/"}, "route": {"cluster": "d"}}])
    bench.connect(manager, b"GET / HTTP/1.1\r\nhost: a\r\nx-forwarded-proto: https\r\n\r\n")
    assert bench.upstream_h2().headers(1)[b":scheme"] == b"https"


# What only some may say.


def test_a_client_outside_cannot_steer_us(bench: HttpBench) -> None:
    sent = "\n".join(f"{name.decode()}: 1" for name in (*CONTROL, *AT_THE_EDGE))
    assert set(CONTROL).isdisjoint(seen(bench, sent, **INSIDE))
    bench.connector.attempts.clear()
    fields = seen(bench, sent, **EDGE)
    assert set(CONTROL).isdisjoint(fields)
    assert set(AT_THE_EDGE).isdisjoint(fields)


def test_without_an_edge_some_are_left(bench: HttpBench) -> None:
    sent = "\n".join(f"{name.decode()}: 1" for name in AT_THE_EDGE)
    assert set(AT_THE_EDGE) <= set(seen(bench, sent))


def test_nobody_may_say_that_he_is_internal(bench: HttpBench) -> None:
    assert b"x-envoy-internal" not in seen(bench, "x-envoy-internal: true\nx-envoy-internal: true")


def test_nobody_may_say_that_he_is_internal_in_http_2_either(bench: HttpBench) -> None:
    peer = bench.connect_h2(bench.manager())
    peer.request([*H2_GET, (b"x-envoy-internal", b"true"), (b"x-envoy-internal", b"true")])
    assert b"internal" not in bench.upstream().written


def test_certificates_that_others_claim_are_not_believed(bench: HttpBench) -> None:
    assert b"x-forwarded-client-cert" not in seen(bench, "x-forwarded-client-cert: a\nx-forwarded-client-cert: b")


# Identity.


def test_a_request_gets_an_id(bench: HttpBench) -> None:
    request_id = seen(bench)[b"x-request-id"]
    assert [len(part) for part in request_id.split(b"-")] == [8, 4, 4, 4, 12]
    assert request_id[14:15] == b"4"


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        ({}, True),
        (EDGE, False),
        ({**EDGE, "preserve_external_request_id": True}, True),
        ({"generate_request_id": False}, True),
    ],
)
def test_an_id_that_came_is_kept_where_it_is_believed(bench: HttpBench, fields: dict[str, object], kept: bool) -> None:
    assert (seen(bench, "x-request-id: mine", **fields)[b"x-request-id"] == b"mine") is kept


def test_ids_need_not_be_made(bench: HttpBench) -> None:
    assert b"x-request-id" not in seen(bench, generate_request_id=False)


def test_ourselves_are_added_to_the_way(bench: HttpBench) -> None:
    assert seen(bench, "via: 1.1 first", via="1.1 us")[b"via"] == b"1.1 first, 1.1 us"
    bench.connector.attempts.clear()
    assert seen(bench, via="1.1 us")[b"via"] == b"1.1 us"


# Path and host.


@pytest.mark.parametrize(
    ("path", "fields", "becomes"),
    [
        (b"/a/../b", {"normalize_path": True}, b"/b"),
        (b"/a/../b", {}, b"/a/../b"),
        (b"//a///b?c//d", {"merge_slashes": True}, b"/a/b?c//d"),
        (b"/a%2Fb", {"path_with_escaped_slashes_action": "UNESCAPE_AND_FORWARD"}, b"/a/b"),
        (b"/a%2Fb", {"path_with_escaped_slashes_action": "KEEP_UNCHANGED"}, b"/a%2Fb"),
    ],
)
def test_a_path_gets_its_canonical_form(
    bench: HttpBench, path: bytes, fields: dict[str, object], becomes: bytes
) -> None:
    bench.connect(bench.manager(**fields), b"GET %b HTTP/1.1\r\nhost: a\r\n\r\n" % path)
    assert head_of(bench.upstream().written)[0] == b"GET %b HTTP/1.1" % becomes


def test_a_path_that_has_none_is_refused(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(normalize_path=True), b"GET /a%00 HTTP/1.1\r\nhost: a\r\n\r\n")
    line, fields = head_of(client.written)
    assert (line, fields[b"connection"]) == (b"HTTP/1.1 400 Bad Request", b"close")
    assert bench.http("downstream_rq_failed_path_normalization") == 1
    assert bench.log[0].split()[4] == "path_normalization_failed"


def test_a_client_may_be_sent_to_the_unescaped_path(bench: HttpBench) -> None:
    manager = bench.manager(path_with_escaped_slashes_action="UNESCAPE_AND_REDIRECT")
    client = bench.connect(manager, b"GET /a%2Fb?c HTTP/1.1\r\nhost: a\r\n\r\n")
    line, fields = head_of(client.written)
    assert (line, fields[b"location"]) == (b"HTTP/1.1 307 Temporary Redirect", b"/a/b?c")
    assert bench.http("downstream_rq_redirected_with_normalized_path") == 1


@pytest.mark.parametrize(
    ("host", "fields", "becomes"),
    [
        (b"a:80", {"strip_any_host_port": True}, b"a"),
        (b"a:81", {"strip_any_host_port": True}, b"a"),
        (b"[::1]:81", {"strip_any_host_port": True}, b"[::1]"),
        (b"[::1]", {"strip_any_host_port": True}, b"[::1]"),
        (b"a:80", {"strip_matching_host_port": True}, b"a"),
        (b"a:81", {"strip_matching_host_port": True}, b"a:81"),
        (b"a:" + b"1" * 5000, {"strip_matching_host_port": True}, b"a:" + b"1" * 5000),
        (b"a.", {"strip_trailing_host_dot": True}, b"a"),
        (b"a.:81", {"strip_trailing_host_dot": True}, b"a:81"),
        (b"a.:80", {"strip_trailing_host_dot": True, "strip_any_host_port": True}, b"a"),
        (b"a:80", {}, b"a:80"),
    ],
)
def test_a_host_is_stripped_as_configured(
    bench: HttpBench, host: bytes, fields: dict[str, object], becomes: bytes
) -> None:
    bench.connect(bench.manager(**fields), b"GET / HTTP/1.1\r\nhost: %b\r\n\r\n" % host)
    assert head_of(bench.upstream().written)[1][b"host"] == becomes


@pytest.mark.parametrize("host", [b"a b", b"a/b", b"a\\b", b"a?b", b"user@"])
def test_a_host_that_is_none_is_refused_or_harmless(bench: HttpBench, host: bytes) -> None:
    client = bench.connect(bench.manager(), b"GET / HTTP/1.1\r\nhost: %b\r\n\r\n" % host)
    if bench.connector.attempts:
        assert host == b"user@"
    else:
        assert head_of(client.written)[0] == b"HTTP/1.1 400 Bad Request"


def test_a_target_that_is_no_path_is_not_found(bench: HttpBench) -> None:
    client = bench.connect(bench.manager(), b"OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n")
    assert head_of(client.written)[0] == b"HTTP/1.1 404 Not Found"
    assert bench.http("downstream_rq_non_relative_path") == 1


# The parts.


def test_the_last_forwarded_address_is_found_from_the_right() -> None:
    headers = Headers({b"x-forwarded-for": b"1.1.1.1, 2.2.2.2"})
    assert last_forwarded(headers, 0) == ("2.2.2.2", False)
    assert last_forwarded(headers, 1) == ("1.1.1.1", False)
    assert last_forwarded(headers, 2) == ("", False)
    assert last_forwarded(Headers(), 0) == ("", False)
    assert last_forwarded(Headers({b"x-forwarded-for": b"::1"}), 0) == ("::1", True)


def test_an_address_is_appended_to_what_is_known() -> None:
    headers = Headers()
    append_forwarded(headers, "")
    assert not headers
    append_forwarded(headers, "1.1.1.1")
    headers.add(b"x-forwarded-for", b"2.2.2.2")
    append_forwarded(headers, "3.3.3.3")
    assert list(headers.fields()) == [(b"x-forwarded-for", b"1.1.1.1,2.2.2.2,3.3.3.3")]


def test_the_way_is_told_in_one_line() -> None:
    headers = Headers({b"via": b"a"})
    append_via(headers, b"b")
    assert headers[b"via"] == b"a, b"


def test_names_with_underscores_go_every_value_of_them() -> None:
    headers = Headers({b":path": b"/", b"a_b": b"1", b"c": b"2"})
    headers.add(b"a_b", b"3")
    assert drop_underscores(headers, UNDERSCORES_REJECT)
    assert not drop_underscores(headers, UNDERSCORES_DROP)
    assert list(headers.fields()) == [(b":path", b"/"), (b"c", b"2")]


@pytest.mark.parametrize(
    ("address", "expected"), [("127.0.0.1", True), ("::1", True), ("127.0.0.2", False), ("", False)]
)
def test_two_addresses_are_loopback(address: str, expected: bool) -> None:
    assert is_loopback(address) is expected


def test_only_short_hosts_are_remembered(bench: HttpBench) -> None:
    manager = bench.manager()
    for host in (b"a" * 255, b"b" * 256, b"a" * 255):
        bench.connect(manager, b"GET / HTTP/1.1\r\nhost: " + host + b"\r\n\r\n")
    assert bench.runtime.good_authorities == {b"a" * 255}
    assert bench.http("downstream_rq_total") == 3
