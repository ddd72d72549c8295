"""What both ends of an HTTP/2 connection do with windows, and with a socket that is full."""

import ngh2


class Http2Flow:
    """Beside the class of a connection, which has these fields."""

    __slots__ = ()

    blocked: bool
    _closed: bool
    _http2: ngh2.Connection
    _unacknowledged: dict[int, int]  # stream → bytes that came since it was paused

    def flush(self) -> None:
        """Writes what the machine has."""
        raise NotImplementedError

    def _flush_later(self) -> None:
        raise NotImplementedError

    def _end_if_over(self) -> None:
        raise NotImplementedError

    def _acknowledge(self, size: int, stream_id: int) -> None:
        """Opens the windows; after the last message of a connection there are none."""
        try:
            self._http2.acknowledge_received_data(size, stream_id)
        except ngh2.NGH2Error:
            return

    def _pause(self, stream_id: int) -> None:
        """What comes from now on opens the window no further."""
        self._unacknowledged.setdefault(stream_id, 0)

    def _resume(self, stream_id: int) -> None:
        """Opens the window by what came meanwhile."""
        held = self._unacknowledged.pop(stream_id, 0)
        if held and not self._closed:
            self._acknowledge(held, stream_id)
            self._flush_later()

    def pause_writing(self) -> None:
        """The socket is full: the machine keeps what it has."""
        self.blocked = True  # type: ignore[misc]  # a slot of the connection

    def resume_writing(self) -> None:
        """The socket takes more."""
        self.blocked = False  # type: ignore[misc]
        self.flush()
        self._end_if_over()
