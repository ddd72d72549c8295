"""gRPC frames."""

import pytest

from tulle.proxy.xds.grpc_frames import BadFrame, FrameReader, encode


def test_messages_are_cut_out_whatever_the_chunks() -> None:
    data = encode(b"one") + encode(b"") + encode(b"x" * 300)
    for size in (1, 2, 5, 7, len(data)):
        reader = FrameReader()
        got = [message for at in range(0, len(data), size) for message in reader.feed(data[at : at + size])]
        assert got == [b"one", b"", b"x" * 300]


def test_a_compressed_message_is_refused() -> None:
    with pytest.raises(BadFrame):
        list(FrameReader().feed(b"\1\0\0\0\1x"))
