"""Follows an xDS server over one aggregated stream, for ever: connect, ask, take over, acknowledge, reconnect."""

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from time import monotonic
from typing import Any

from google.protobuf.message import DecodeError, Message

from tulle.foundation.backoff import Backoff
from tulle.protos.type_urls import SHORT_NAMES
from tulle.proxy.xds.dialer import Dialer
from tulle.proxy.xds.discovery import Machine, Received
from tulle.proxy.xds.grpc_stream import GrpcStream
from tulle.proxy.xds.xds_stats import XdsStats

_log = logging.getLogger("tulle.proxy.xds")


class AdsClient:
    """`apply` takes a response over and returns what was wrong with it; it may call `subscribe`."""

    def __init__(
        self,
        machine: Machine,
        dialer: Dialer,
        apply: Callable[[Received], str],
        stats: XdsStats,
        backoff: Backoff | None = None,
    ) -> None:
        self._machine = machine
        self._dialer = dialer
        self._apply = apply
        self._stats = stats
        self._backoff = backoff or Backoff(0.5, 30.0)
        self._stream: GrpcStream | None = None
        self.identifier = ""  # what the server calls itself

    def subscribe(self, type_url: str, names: Collection[str] | None) -> None:
        """From now on exactly these resources are wanted; None: all of them."""
        requests = self._machine.subscribe(type_url, names)
        if requests:
            self._stats.of(type_url).update_attempt.value += 1
        self._send(requests)

    async def follow(self) -> None:
        """Never returns; the server may come and go."""
        try:
            while True:
                await self._follow_once()
                await asyncio.sleep(self._backoff.next_s())
        finally:
            if self._stream is not None:
                self._stream.close()

    async def _follow_once(self) -> None:
        try:
            stream = await self._dialer.dial(self._machine.method, self._on_message)
        except OSError as error:
            self._stats.connection_failed()
            _log.warning("cannot reach the xDS server at cluster %s: %s", self._dialer.cluster_name, error)
            return
        self._stream = stream
        self._stats.connected()
        _log.info("connected to the xDS server at cluster %s", self._dialer.cluster_name)
        try:
            self._send(self._machine.open())
            ended = await stream.ended
            _log.warning("the xDS stream ended: gRPC status %d, %s", ended.status, ended.message or "no message")
        finally:
            self._stats.disconnected()
            self._machine.close()
            self._stream = None
            stream.close()

    def _send(self, requests: Sequence[Message]) -> None:
        if self._stream is not None:
            for request in requests:
                self._stream.send(request.SerializeToString())

    def _on_message(self, data: bytes) -> None:
        self._backoff.reset()
        response: Any = self._machine.response_type()
        try:
            response.ParseFromString(data)
        except DecodeError as error:
            _log.warning("a response of the xDS server cannot be read: %s", error)
            if self._stream is not None:
                self._stream.close()
            return
        self.identifier = response.control_plane.identifier or self.identifier
        received = self._machine.receive(response)
        if received is None:
            _log.warning("the xDS server sent %s, which nobody asked for", response.type_url)
            return
        self._take_over(received)

    def _take_over(self, received: Received) -> None:
        began = monotonic()
        error = self._apply(received)
        stats = self._stats.of(received.type_url)
        stats.update_attempt.value += 1
        stats.update_duration.record((monotonic() - began) * 1000)
        kind = SHORT_NAMES.get(received.type_url, received.type_url)
        if error:
            stats.update_rejected.value += 1
            _log.warning("%s update %s rejected: %s", kind, received.version or received.nonce, error)
            self._send(self._machine.nack(received, error))
        else:
            stats.accepted(received.version)
            _log.debug("%s update %s accepted: %d resources", kind, received.version, len(received.resources))
            self._send(self._machine.ack(received))
