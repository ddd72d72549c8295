"""Headers: made from the wire, read, changed, copied."""

from collections.abc import Iterator

from bench.micro.stopwatch import Step
from tulle.proxy.headers import Headers

_FIELDS = [
    (b":method", b"GET"),
    (b":path", b"/reviews/17?full=1"),
    (b":authority", b"reviews.example.com"),
    (b":scheme", b"http"),
    *((b"x-header-%d" % number, b"value %d" % number) for number in range(11)),
]


def steps() -> Iterator[Step]:
    """With four pseudo headers and eleven others."""
    headers = Headers.of(_FIELDS)
    repeated = [*_FIELDS, (b"x-header-3", b"again")]

    def add_and_remove() -> None:
        headers.set(b"x-request-id", b"1")
        headers.remove(b"x-request-id")

    yield Step("made, all names different", lambda: Headers.of(_FIELDS))
    yield Step("made, one name twice", lambda: Headers.of(repeated))
    yield Step("one value read", lambda: headers.get(b"x-header-7"))
    yield Step("one set and removed", add_and_remove)
    yield Step("copied", headers.copy)
    yield Step("all fields as a list", lambda: list(headers.fields()))
