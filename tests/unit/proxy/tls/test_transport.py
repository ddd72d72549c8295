"""Conversations over TLS, without sockets."""

import ssl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.tls_peers import Conversation, Owner, recipe
from tulle.proxy.tls.failures import VERIFY_SAN, Failure, unverified

BOTH = pytest.mark.parametrize("server", [True, False], ids=["as_server", "as_client"])
VERSIONS = pytest.mark.parametrize("version", [3, 4], ids=["1.2", "1.3"])


def begin(server: bool, version: int = 4, owner: Owner | None = None, chunk: int = 1 << 20) -> Conversation:
    found = Conversation(
        recipe(server, max_version=version),
        recipe(not server, max_version=version),
        owner,
        "server.example.com",
    )
    found.pump(chunk)
    return found


@BOTH
@VERSIONS
def test_bytes_pass_both_ways(server: bool, version: int) -> None:
    conversation = begin(server, version)
    assert conversation.owner.notes == ["opened"]
    conversation.peer.write(b"question")
    conversation.pump()
    conversation.tls.write(b"answer")
    conversation.pump()
    assert (conversation.recorder.received, conversation.peer.received) == (b"question", b"answer")


@BOTH
@given(
    chunk=st.integers(1, 40_000),
    sizes=st.lists(st.integers(0, 50_000), max_size=5),
    version=st.sampled_from([3, 4]),
)
@settings(max_examples=25, deadline=None)
def test_any_chunking_of_the_wire_gives_the_same_bytes(
    server: bool, chunk: int, sizes: list[int], version: int
) -> None:
    conversation = begin(server, version, chunk=max(chunk, 7))
    there, back = b"", b""
    for index, size in enumerate(sizes):
        data = bytes([index + 1]) * size
        if data:
            conversation.peer.write(data)
        conversation.tls.write(data[::-1])
        there, back = there + data, back + data
        conversation.pump(max(chunk, size // 20, 1))
    assert conversation.recorder.received == there
    assert conversation.peer.received == back


@BOTH
def test_nothing_is_given_out_while_reading_is_paused(server: bool) -> None:
    conversation = begin(server)
    conversation.recorder.on_data = conversation.tls.pause_reading
    for _ in range(3):
        conversation.peer.write(b"x" * 1000)
    conversation.pump()
    assert (conversation.recorder.pieces, conversation.lower.reading) == (1, False)
    conversation.tls.resume_reading()
    assert conversation.recorder.pieces == 1, "resuming must not call the protocol in its own call"
    conversation.pump()
    assert conversation.recorder.pieces == 2
    conversation.recorder.on_data = lambda: None
    conversation.tls.resume_reading()
    conversation.pump()
    assert len(conversation.recorder.received) == 3000
    assert conversation.lower.reading


@BOTH
def test_an_end_of_the_stream_waits_until_what_came_before_was_read(server: bool) -> None:
    conversation = begin(server)
    conversation.recorder.on_data = conversation.tls.pause_reading
    conversation.peer.write(b"a" * 20_000)  # two records
    conversation.pump()
    assert conversation.tls.eof_received()
    assert not conversation.recorder.eof
    conversation.recorder.on_data = lambda: None
    conversation.tls.resume_reading()
    conversation.pump()
    assert (len(conversation.recorder.received), conversation.recorder.eof) == (20_000, True)


@BOTH
@VERSIONS
def test_each_direction_ends_on_its_own(server: bool, version: int) -> None:
    conversation = begin(server, version)
    conversation.recorder.keeps_open = True
    conversation.tls.write(b"all that I have")
    conversation.tls.write_eof()
    conversation.tls.write(b"too late")
    conversation.pump()
    assert (conversation.peer.received, conversation.peer.closed) == (b"all that I have", True)
    assert not conversation.lower.is_closing()
    assert not conversation.lower.wrote_eof, "Envoy ends its side with a close_notify and leaves the TCP stream open"
    conversation.peer.write(b"still here")
    conversation.pump()
    conversation.peer.close()
    conversation.pump()
    assert (conversation.recorder.received, conversation.recorder.eof) == (b"still here", True)
    assert not conversation.lower.is_closing()


@BOTH
def test_data_that_waits_is_not_hurt_by_the_end_of_our_side(server: bool) -> None:
    conversation = begin(server)
    conversation.recorder.keeps_open = True
    conversation.tls.pause_reading()
    conversation.peer.write(b"unread")
    conversation.pump()
    conversation.tls.write_eof()
    conversation.tls.resume_reading()
    conversation.pump()
    assert conversation.recorder.received == b"unread"


@BOTH
def test_a_close_notify_closes_unless_the_protocol_keeps_its_side_open(server: bool) -> None:
    conversation = begin(server)
    conversation.peer.close()
    conversation.pump()
    assert (conversation.recorder.eof, conversation.lower.is_closing()) == (True, True)
    assert not conversation.lower.aborted
    conversation.lower.settle()
    assert conversation.recorder.lost == [None]
    assert conversation.owner.notes == ["opened", "closed"]


@BOTH
def test_the_end_of_tcp_without_a_close_notify_is_an_end_too(server: bool) -> None:
    conversation = begin(server)
    assert conversation.tls.eof_received()
    assert conversation.recorder.eof
    assert conversation.lower.is_closing()


@BOTH
def test_closing_says_goodbye_and_sends_what_was_written(server: bool) -> None:
    conversation = begin(server)
    conversation.tls.write(b"last words")
    conversation.tls.close()
    conversation.tls.write(b"no more")
    conversation.pump()
    assert (conversation.peer.received, conversation.peer.closed) == (b"last words", True)
    assert (conversation.tls.is_closing(), conversation.lower.aborted) == (True, False)


def test_aborting_says_nothing() -> None:
    conversation = begin(True)
    before = conversation.lower.written
    conversation.tls.abort()
    assert (conversation.lower.aborted, conversation.lower.written) == (True, before)


@BOTH
def test_a_broken_record_ends_the_connection_with_a_reason(server: bool) -> None:
    conversation = begin(server)
    conversation.tls.data_received(b"\x17\x03\x03\x00\x20" + bytes(32))
    assert conversation.owner.notes == ["opened", "broken"]
    assert "DECRYPTION_FAILED_OR_BAD_RECORD_MAC" in conversation.owner.failures[0].reason
    conversation.lower.settle()
    assert isinstance(conversation.recorder.lost[0], ConnectionAbortedError)


def test_a_client_that_speaks_no_tls_is_refused() -> None:
    conversation = Conversation(recipe(True), recipe(False))
    conversation.tls.data_received(b"GET / HTTP/1.1\r\n\r\n")
    conversation.tls.data_received(b"more")
    conversation.lower.settle()
    assert conversation.owner.notes == ["refused", "ended"]
    assert "268435612:SSL routines:OPENSSL_internal:HTTP_REQUEST" in conversation.owner.failures[0].reason


@VERSIONS
def test_a_peer_that_is_not_accepted_hears_no_last_word(version: int) -> None:
    owner = Owner(lambda connection: unverified("it is not them", VERIFY_SAN))
    conversation = begin(True, version, owner)
    assert owner.notes == ["refused"]
    if version == 3:
        assert conversation.peer.error is not None
        assert conversation.peer.error.reason == "SSLV3_ALERT_CERTIFICATE_UNKNOWN"
        assert not conversation.peer.done
    assert conversation.lower.is_closing()
    conversation.lower.settle()
    assert owner.notes == ["refused", "ended"]


@pytest.mark.parametrize(("error", "words"), [(None, ""), (ConnectionResetError(), "Connection reset by peer")])
def test_a_connection_that_is_lost_in_the_handshake_is_refused(error: Exception | None, words: str) -> None:
    conversation = Conversation(recipe(False), recipe(True))
    conversation.tls.connection_lost(error)
    assert conversation.owner.notes == ["refused", "ended"]
    (failure,) = conversation.owner.failures
    assert words in failure.reason
    assert failure.counter == ""


def test_an_end_of_the_stream_in_the_handshake_refuses_it() -> None:
    conversation = Conversation(recipe(True), recipe(False))
    assert not conversation.tls.eof_received()
    assert conversation.owner.failures == [Failure("", "")]


def test_limits_of_the_buffer_and_pauses_of_writing_are_those_of_the_transport_below() -> None:
    conversation = begin(True)
    conversation.tls.set_write_buffer_limits(high=10, low=5)
    assert conversation.lower.limits == (10, 5)
    conversation.tls.pause_writing()
    assert conversation.recorder.paused
    conversation.tls.resume_writing()
    assert not conversation.recorder.paused
    assert conversation.tls.get_extra_info("peername") == conversation.lower.get_extra_info("peername")
    assert isinstance(conversation.tls.get_extra_info("ssl_object"), ssl.SSLObject)


def test_a_connection_that_nobody_wants_any_more_ends_when_it_is_made() -> None:
    conversation = Conversation(recipe(False), recipe(True))
    late = type(conversation.tls)(
        lambda incoming, outgoing: conversation.tls.connection, Owner(), conversation.soon.append
    )
    late.abort()
    late.connection_made(conversation.lower)
    assert conversation.lower.aborted
