"""What becomes of a stream at which our own code failed."""

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tulle.proxy.http.stream import Stream

_log = logging.getLogger(__name__)


def fail_stream(stream: "Stream", error: BaseException) -> None:
    """Tells the log, and the client if its response has not begun; else cuts the response, or all there is."""
    _log.error("a request failed", exc_info=error)
    if stream.ended:
        stream.connection.transport.abort()  # nobody knows how far its end has come
        return
    try:
        stream.reply(500, b"Internal Server Error", "internal_error")
    except Exception:
        _log.exception("the answer to a request that failed did too")
        stream.connection.transport.abort()
