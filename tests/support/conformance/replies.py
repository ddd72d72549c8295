"""What an upstream is told to answer, by request headers that begin with x-echo."""

from dataclasses import dataclass, field

from tests.support.conformance.wire import Fields, Message


@dataclass
class Reply:
    """An answer in no protocol's words yet."""

    status: int = 200
    fields: Fields = field(default_factory=list)
    body: bytes = b""
    trailers: Fields = field(default_factory=list)
    delay_s: float = 0.0
    hints: bool = False
    chunked: bool = False
    until_close: bool = False
    close: bool = False
    reset: str = ""
    raw: bytes | None = None


def plan_reply(upstream: str, message: Message) -> Reply:
    """The reply that the request's own headers ask for.

    x-echo-status N · x-echo-header NAME=VALUE (repeatable) · x-echo-trailer NAME=VALUE · x-echo-body TEXT ·
    x-echo-size N · x-echo-mirror (the request's body) · x-echo-delay-ms N · x-echo-chunked · x-echo-until-close ·
    x-echo-close · x-echo-hints (a 103 before) · x-echo-reset before|middle · x-echo-raw BYTES (with \\r and \\n).
    """
    reply = Reply(status=int(message.value("x-echo-status", "200")))
    reply.body = _body(upstream, message)
    reply.fields = _pairs(message, "x-echo-header")
    if "content-type" not in dict(reply.fields):
        reply.fields.insert(0, ("content-type", "text/plain"))
    reply.trailers = _pairs(message, "x-echo-trailer")
    reply.delay_s = int(message.value("x-echo-delay-ms", "0")) / 1000
    reply.hints = bool(message.values("x-echo-hints"))
    reply.chunked = bool(message.values("x-echo-chunked") or reply.trailers)
    reply.until_close = bool(message.values("x-echo-until-close"))
    reply.close = bool(message.values("x-echo-close"))
    reply.reset = message.value("x-echo-reset")
    if message.values("x-echo-raw"):
        text = message.value("x-echo-raw").replace("\\r", "\r").replace("\\n", "\n").replace("\\0", "\0")
        reply.raw = text.encode("latin-1")
    return reply


def has_body(method: str, status: int) -> bool:
    """Whether a response to `method` carries a body at all."""
    return method != "HEAD" and status not in (204, 304) and status >= 200


def _pairs(message: Message, name: str) -> Fields:
    pairs = (value.partition("=") for value in message.values(name))
    return [(key, value) for key, _, value in pairs]


def _body(upstream: str, message: Message) -> bytes:
    if message.values("x-echo-mirror"):
        return message.body
    if message.values("x-echo-size"):
        return patterned(int(message.value("x-echo-size")))
    return message.value("x-echo-body", f"hello from {upstream}").encode()


def patterned(size: int) -> bytes:
    """A body of so many bytes in which a lost or doubled piece shows."""
    line = b"".join(b"%07d\n" % number for number in range((size + 7) // 8))
    return line[:size]
