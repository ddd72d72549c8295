"""Responses that the proxy makes by itself."""

from urllib.parse import quote

from tulle.proxy.headers import Headers

# gRPC's status for an HTTP status (Envoy: Grpc::Utility::httpToGrpcStatus); 2, UNKNOWN, for all others.
_GRPC_STATUS = {400: 13, 401: 16, 403: 7, 404: 12, 429: 14, 502: 14, 503: 14, 504: 14}
_GRPC = b"application/grpc"


def is_grpc_request(headers: Headers) -> bool:
    """Whether the content type is gRPC's, `application/grpc` or `application/grpc+…`."""
    content_type = headers.get(b"content-type")
    return content_type is not None and content_type.startswith(_GRPC) and content_type[16:17] in (b"", b"+")


def local_reply_headers(request: Headers, status: int, body: bytes) -> tuple[Headers, bytes]:
    """Headers and body of an answer; a gRPC call gets its status in headers and no body (Envoy: sendLocalReply)."""
    if is_grpc_request(request):
        response = Headers()
        response[b":status"] = b"200"
        response[b"content-type"] = _GRPC
        response[b"grpc-status"] = b"%d" % _GRPC_STATUS.get(status, 2)
        if body:
            response[b"grpc-message"] = quote(body, safe=" !\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~").encode()
        return response, b""
    response = Headers()
    response[b":status"] = b"%d" % status
    if body:
        response[b"content-length"] = b"%d" % len(body)
        response[b"content-type"] = b"text/plain"
    return response, body
