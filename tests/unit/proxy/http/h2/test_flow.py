"""Windows and a full socket, at either end of an HTTP/2 connection."""

import ngh2
import pytest

from tulle.proxy.http.h2.flow import Http2Flow


class Machine:
    """Notes what is acknowledged; `over` when the connection has said its last."""

    def __init__(self) -> None:
        self.acknowledged: list[tuple[int, int]] = []
        self.over = False

    def acknowledge_received_data(self, size: int, stream_id: int) -> None:
        if self.over:
            raise ngh2.NGH2Error("over")
        self.acknowledged.append((size, stream_id))


class End(Http2Flow):
    """A connection that writes nothing."""

    __slots__ = ("__dict__",)

    def __init__(self) -> None:
        self.blocked = self._closed = False
        self._http2 = self.machine = Machine()
        self._unacknowledged: dict[int, int] = {}
        self.calls: list[str] = []

    def flush(self) -> None:
        self.calls.append("flush")

    def _flush_later(self) -> None:
        self.calls.append("flush later")

    def _end_if_over(self) -> None:
        self.calls.append("end if over")


@pytest.fixture
def end() -> End:
    return End()


def test_a_window_opens_by_what_came_while_it_was_shut(end: End) -> None:
    end._pause(1)
    end._unacknowledged[1] += 700
    end._pause(1)  # again: what is held stays
    end._resume(1)
    assert end.machine.acknowledged == [(700, 1)]
    assert end.calls == ["flush later"]
    end._resume(1)
    assert end.machine.acknowledged == [(700, 1)]


def test_nothing_is_given_back_on_a_closed_connection(end: End) -> None:
    end._pause(1)
    end._unacknowledged[1] += 700
    end._closed = True
    end._resume(1)
    assert (end.machine.acknowledged, end.calls, end._unacknowledged) == ([], [], {})


def test_after_the_last_message_there_are_no_windows(end: End) -> None:
    end.machine.over = True
    end._acknowledge(700, 1)
    assert end.machine.acknowledged == []


def test_a_full_socket_stops_the_writing_until_it_takes_more(end: End) -> None:
    end.pause_writing()
    assert (end.blocked, end.calls) == (True, [])
    end.resume_writing()
    assert (end.blocked, end.calls) == (False, ["flush", "end if over"])
