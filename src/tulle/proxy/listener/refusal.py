"""How a connection ends that no filter chain takes."""

import asyncio
import socket
import struct

_LINGER_NOT = struct.pack("ii", 1, 0)


def refuse(transport: asyncio.Transport, unread: bool) -> None:
    """Closes at once; with a reset when the client sent something that nobody read.

    The kernel resets by itself where such bytes are still in its buffer, as they are in Envoy, which only peeks.
    """
    opened = transport.get_extra_info("socket") if unread else None
    if opened is not None:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
    transport.abort()
