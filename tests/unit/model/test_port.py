"""Protocols of ports."""

from tulle.model.port import Protocol


def test_grpc_is_http2_and_http2_is_http() -> None:
    assert Protocol.GRPC.is_http2
    assert Protocol.GRPC.is_http
    assert Protocol.HTTP.is_http
    assert not Protocol.HTTP.is_http2
    assert not Protocol.HTTPS.is_http
