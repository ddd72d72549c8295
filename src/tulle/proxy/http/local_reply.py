"""Responses that the proxy makes by itself, and how `local_reply_config` changes them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

from tulle.foundation.errors import FieldProblem, InvalidInput
from tulle.protos.messages import LocalReplyConfig, ResponseMapper, SubstitutionFormatString
from tulle.proxy.headers import Headers
from tulle.proxy.http.log_filters import HTTP_LOG_FILTERS
from tulle.proxy.router.message_edits import ResponseEdit
from tulle.proxy.telemetry.access_log import build_format
from tulle.proxy.telemetry.log_filters import Filter, build_filter
from tulle.proxy.telemetry.log_format import Format

if TYPE_CHECKING:
    from tulle.proxy.http.stream import Stream

# gRPC's status for an HTTP status (Envoy: Grpc::Utility::httpToGrpcStatus); 2, UNKNOWN, for all others.
_GRPC_STATUS = {400: 13, 401: 16, 403: 7, 404: 12, 429: 14, 502: 14, 503: 14, 504: 14}
_GRPC = b"application/grpc"
_MESSAGE_SAFE = " !\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~"


class LocalReply:
    """What is answered: status, text, headers that stand instead of others, and the edits of a route."""

    __slots__ = ("body", "edit", "headers", "status")

    def __init__(self, status: int, body: bytes = b"", headers: Headers | None = None) -> None:
        self.status = status
        self.body = body
        self.headers = headers
        self.edit: ResponseEdit | None = None


class _Mapper:
    """One rule: for which replies, and what becomes of them; None leaves a part as it is."""

    __slots__ = ("body", "format", "matches", "status")

    def __init__(self, matches: Filter, status: int | None, body: bytes | None) -> None:
        self.matches = matches
        self.status = status
        self.body = body
        self.format: ReplyFormat | None = None


class ReplyFormat:
    """How the body is written, and its content type."""

    __slots__ = ("content_type", "render")

    def __init__(self, render: Format, content_type: bytes) -> None:
        self.render = render
        self.content_type = content_type


class LocalReplies:
    """The replies of one connection manager (Envoy: local_reply.cc, Utility::encodeLocalReply)."""

    __slots__ = ("_format", "_mappers")

    def __init__(self, mappers: Sequence[_Mapper] = (), body_format: ReplyFormat | None = None) -> None:
        self._mappers = tuple(mappers)
        self._format = body_format

    def build(self, stream: "Stream", reply: LocalReply) -> tuple[Headers, bytes]:
        """Headers and body; a gRPC call gets its status in headers and no body."""
        response = Headers({b":status": b"%d" % reply.status})
        if reply.headers is not None:
            for name, value in reply.headers.fields():
                response.set(name, value)
        if reply.edit is not None:
            stream.response_headers = response
            reply.edit.apply(response, stream)
        grpc = is_grpc_request(stream.request)
        content_type = b"text/plain"
        body = reply.body
        if self._mappers or self._format is not None:
            body, content_type = self._rewrite(stream, reply, response)
        if grpc:
            return _as_grpc(response, body)
        if body:
            response[b"content-length"] = b"%d" % len(body)
            response.setdefault(b"content-type", content_type)
        else:
            response.pop(b"content-length", None)
            response.pop(b"content-type", None)
        return response, body

    def _rewrite(self, stream: "Stream", reply: LocalReply, response: Headers) -> tuple[bytes, bytes]:
        stream.response_code, body, body_format = reply.status, reply.body, self._format
        for mapper in self._mappers:
            if mapper.matches(stream):
                if mapper.body is not None:
                    body = mapper.body
                if mapper.status is not None:
                    stream.response_code = mapper.status
                    response[b":status"] = b"%d" % mapper.status
                body_format = mapper.format or body_format
                break
        if body_format is None:
            return body, b"text/plain"
        stream.local_reply_body = body.decode("utf-8", "replace")
        return body_format.render(stream).encode(), body_format.content_type


def is_grpc_request(headers: Headers) -> bool:
    """Whether the content type is gRPC's, `application/grpc` or `application/grpc+…`."""
    content_type = headers.get(b"content-type")
    return content_type is not None and content_type.startswith(_GRPC) and content_type[16:17] in (b"", b"+")


def _as_grpc(response: Headers, body: bytes) -> tuple[Headers, bytes]:
    status = int(response[b":status"])
    response[b":status"] = b"200"
    response[b"content-type"] = _GRPC
    response.setdefault(b"grpc-status", b"%d" % _GRPC_STATUS.get(status, 2))
    if body:
        response[b"grpc-message"] = quote(body, safe=_MESSAGE_SAFE).encode()
    return response, b""


def build_local_replies(proto: LocalReplyConfig, path: str) -> LocalReplies:
    """From the connection manager's config; InvalidInput with all that is wrong."""
    problems: list[FieldProblem] = []
    mappers: list[_Mapper] = []
    for index, item in enumerate(proto.mappers):
        try:
            mappers.append(_build_mapper(item, f"{path}.mappers[{index}]", problems))
        except InvalidInput as error:
            problems.extend(error.problems)
    body_format: ReplyFormat | None = None
    if proto.HasField("body_format"):
        try:
            body_format = _reply_format(proto.body_format, f"{path}.body_format")
        except InvalidInput as error:
            problems.extend(error.problems)
    if problems:
        raise InvalidInput(problems)
    return LocalReplies(mappers, body_format)


def _build_mapper(proto: ResponseMapper, path: str, problems: list[FieldProblem]) -> _Mapper:
    body: bytes | None = None
    if proto.HasField("body"):
        if proto.body.WhichOneof("specifier") not in ("inline_string", "inline_bytes"):
            problems.append(FieldProblem(f"{path}.body", "only inline_string and inline_bytes are supported"))
        body = proto.body.inline_bytes or proto.body.inline_string.encode()
    status = proto.status_code.value if proto.HasField("status_code") else None
    mapper = _Mapper(build_filter(proto.filter, f"{path}.filter", HTTP_LOG_FILTERS), status, body)
    if proto.HasField("body_format_override"):
        mapper.format = _reply_format(proto.body_format_override, f"{path}.body_format_override")
    return mapper


def _reply_format(proto: SubstitutionFormatString, path: str) -> ReplyFormat:
    default = b"application/json" if proto.WhichOneof("format") == "json_format" else b"text/plain"
    return ReplyFormat(build_format(proto, path), proto.content_type.encode() or default)
