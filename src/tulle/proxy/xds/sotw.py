"""The state-of-the-world variant: every request and response names the whole state of one type. A pure machine."""

from collections.abc import Collection, Sequence

from google.protobuf.message import Message

from tulle.protos.messages import DiscoveryRequest, DiscoveryResponse, Node
from tulle.protos.type_urls import SEND_ORDER
from tulle.proxy.xds.discovery import NACK_CODE, WILDCARD_TYPES, Received, ReceivedResource


class _Subscription:
    __slots__ = ("names", "nonce", "version")

    def __init__(self, names: frozenset[str] | None) -> None:
        self.names = names
        self.version = ""  # the last that was accepted; it outlives the stream
        self.nonce = ""  # the last on this stream


class Sotw:
    """One client of StreamAggregatedResources."""

    method = "/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources"
    response_type: type[Message] = DiscoveryResponse

    def __init__(self, node: Node, node_on_first_only: bool = True) -> None:
        self._node = node
        self._node_on_first_only = node_on_first_only
        self._node_sent = False
        self._open = False
        self._subscriptions: dict[str, _Subscription] = {}

    def open(self) -> Sequence[Message]:
        """Asks for every subscribed type again, in the order in which they depend on each other."""
        self._open = True
        self._node_sent = False
        for subscription in self._subscriptions.values():
            subscription.nonce = ""
        wanted = sorted(self._subscriptions, key=_send_position)
        # A first request without names would mean "everything".
        return [self._request(type_url) for type_url in wanted if self._subscriptions[type_url].names != frozenset()]

    def close(self) -> None:
        """Forgets the stream, keeps what was accepted."""
        self._open = False

    def subscribe(self, type_url: str, names: Collection[str] | None) -> Sequence[Message]:
        """Changes the names that are wanted of one type."""
        wanted = _names(type_url, names)
        subscription = self._subscriptions.get(type_url)
        if subscription is None:
            if wanted == frozenset():
                return []
            subscription = self._subscriptions[type_url] = _Subscription(wanted)
        elif subscription.names == wanted:
            return []
        subscription.names = wanted
        # On a stream that never asked for this type, no names would again mean "everything".
        silent = not subscription.nonce and wanted == frozenset()
        return [self._request(type_url)] if self._open and not silent else []

    def receive(self, response: Message) -> Received | None:
        """Reads a response and notes its nonce."""
        assert isinstance(response, DiscoveryResponse)
        subscription = self._subscriptions.get(response.type_url)
        if subscription is None:
            return None
        subscription.nonce = response.nonce
        return Received(
            response.type_url,
            response.version_info,
            response.nonce,
            tuple(
                ReceivedResource("", response.version_info, holder.type_url, holder.value)
                for holder in response.resources
            ),
            whole=response.type_url in WILDCARD_TYPES,
        )

    def ack(self, received: Received) -> Sequence[Message]:
        """Echoes the version and nonce that were taken over."""
        self._subscriptions[received.type_url].version = received.version
        return [self._request(received.type_url)]

    def nack(self, received: Received, error: str) -> Sequence[Message]:
        """Echoes the nonce beside the version that is still in force."""
        request = self._request(received.type_url)
        request.error_detail.code = NACK_CODE
        request.error_detail.message = error
        return [request]

    def _request(self, type_url: str) -> DiscoveryRequest:
        subscription = self._subscriptions[type_url]
        request = DiscoveryRequest(
            type_url=type_url,
            version_info=subscription.version,
            response_nonce=subscription.nonce,
            resource_names=sorted(subscription.names or ()),
        )
        if not (self._node_sent and self._node_on_first_only):
            request.node.CopyFrom(self._node)
            self._node_sent = True
        return request


def _names(type_url: str, names: Collection[str] | None) -> frozenset[str] | None:
    if names is None and type_url not in WILDCARD_TYPES:
        raise ValueError(f"{type_url} wants names")
    return None if names is None else frozenset(names)


def _send_position(type_url: str) -> int:
    return SEND_ORDER.index(type_url) if type_url in SEND_ORDER else len(SEND_ORDER)
