"""The channel between main and workers."""

import asyncio
import os
from collections.abc import Sequence
from typing import Any

from tulle.proxy.channel import Channel, pair


class _End:
    """One end with what it heard."""

    def __init__(self, end: Any) -> None:
        self.heard: list[Any] = []
        self.descriptors: list[int] = []
        self.closed = asyncio.Event()
        self.something = asyncio.Event()
        self.channel = Channel(end, self._on_message, self.closed.set)

    def _on_message(self, message: Any, descriptors: Sequence[int]) -> None:
        self.heard.append(message)
        self.descriptors.extend(descriptors)
        self.something.set()

    async def wait_for(self, count: int) -> None:
        while len(self.heard) < count:
            self.something.clear()
            await asyncio.wait_for(self.something.wait(), 5)


def test_messages_arrive_whole_and_in_order_in_both_directions() -> None:
    async def talk() -> None:
        left, right = (_End(end) for end in pair())
        big = b"x" * 3_000_000  # more than a socket buffer takes
        left.channel.send(("put", "a", big))
        left.channel.send({"n": [1, None, 2.5]})
        right.channel.send("back")
        await right.wait_for(2)
        await left.wait_for(1)
        assert right.heard == [("put", "a", big), {"n": [1, None, 2.5]}]
        assert left.heard == ["back"]
        left.channel.close()
        right.channel.close()

    asyncio.run(talk())


def test_descriptors_arrive_with_the_message_that_they_belong_to() -> None:
    async def talk() -> None:
        left, right = (_End(end) for end in pair())
        readable, writable = os.pipe()
        left.channel.send("first")
        left.channel.send("second", [writable])
        left.channel.send("third")
        await right.wait_for(3)
        assert len(right.descriptors) == 1
        os.write(right.descriptors[0], b"hello")
        assert os.read(readable, 5) == b"hello"
        for descriptor in (readable, writable, *right.descriptors):
            os.close(descriptor)
        left.channel.close()
        right.channel.close()

    asyncio.run(talk())


def test_the_end_of_one_side_is_heard_by_the_other_only() -> None:
    async def talk() -> None:
        left, right = (_End(end) for end in pair())
        left.channel.close()
        await asyncio.wait_for(right.closed.wait(), 5)
        assert not left.closed.is_set()
        right.channel.send("to nobody")

    asyncio.run(talk())
