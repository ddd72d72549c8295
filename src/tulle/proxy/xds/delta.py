"""The incremental variant: requests and responses carry changes, resource by resource. A pure machine."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from google.protobuf.message import Message

from tulle.protos.messages import DeltaDiscoveryRequest, DeltaDiscoveryResponse, Node
from tulle.protos.type_urls import SEND_ORDER
from tulle.proxy.xds.discovery import NACK_CODE, WILDCARD_TYPES, Received, ReceivedResource


class _Subscription:
    __slots__ = ("asked", "names", "versions")

    def __init__(self, names: frozenset[str] | None) -> None:
        self.names = names
        self.asked = False  # on this stream
        self.versions: dict[str, str] = {}  # of the resources that were accepted; they outlive the stream


class Delta:
    """One client of DeltaAggregatedResources."""

    method = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources"
    response_type: type[Message] = DeltaDiscoveryResponse

    def __init__(self, node: Node, node_on_first_only: bool = True) -> None:
        self._node = node
        self._node_on_first_only = node_on_first_only
        self._node_sent = False
        self._open = False
        self._subscriptions: dict[str, _Subscription] = {}

    def open(self) -> Sequence[Message]:
        """Asks for everything again and says which versions are here already."""
        self._open = True
        self._node_sent = False
        for subscription in self._subscriptions.values():
            subscription.asked = False
        wanted = sorted(self._subscriptions, key=_send_position)
        return [
            self._first_request(type_url) for type_url in wanted if self._subscriptions[type_url].names != frozenset()
        ]

    def close(self) -> None:
        """Forgets the stream, keeps what was accepted."""
        self._open = False

    def subscribe(self, type_url: str, names: Collection[str] | None) -> Sequence[Message]:
        """Changes the names that are wanted of one type; only the difference is sent."""
        if names is None and type_url not in WILDCARD_TYPES:
            raise ValueError(f"{type_url} wants names")
        wanted = None if names is None else frozenset(names)
        subscription = self._subscriptions.get(type_url)
        if subscription is None:
            if wanted == frozenset():
                return []
            self._subscriptions[type_url] = _Subscription(wanted)
            return [self._first_request(type_url)] if self._open else []
        if subscription.names == wanted:
            return []
        return self._change(type_url, subscription, wanted)

    def _change(self, type_url: str, subscription: _Subscription, wanted: frozenset[str] | None) -> Sequence[Message]:
        before, subscription.names = subscription.names or frozenset(), wanted
        after = wanted or frozenset()
        for name in before - after:
            subscription.versions.pop(name, None)
        if not self._open:
            return []
        if not subscription.asked:
            return [self._first_request(type_url)] if wanted != frozenset() else []
        return [self._request(type_url, after - before, before - after)]

    def receive(self, response: Message) -> Received | None:
        """Reads a response."""
        assert isinstance(response, DeltaDiscoveryResponse)
        subscription = self._subscriptions.get(response.type_url)
        if subscription is None:
            return None
        return Received(
            response.type_url,
            response.system_version_info,
            response.nonce,
            tuple(
                ReceivedResource(found.name, found.version, found.resource.type_url, found.resource.value)
                for found in response.resources
                if subscription.names is None or found.name in subscription.names
            ),
            tuple(response.removed_resources),
        )

    def ack(self, received: Received) -> Sequence[Message]:
        """Notes the versions, so that a new stream need not carry the same again."""
        versions = self._subscriptions[received.type_url].versions
        versions.update((found.name, found.version) for found in received.resources)
        for name in received.removed:
            versions.pop(name, None)
        return [self._answer(received)]

    def nack(self, received: Received, error: str) -> Sequence[Message]:
        """Leaves the versions as they were: after a reconnect the server sends the resources again."""
        versions = self._subscriptions[received.type_url].versions
        for name in received.removed:
            versions.pop(name, None)
        request = self._answer(received)
        request.error_detail.code = NACK_CODE
        request.error_detail.message = error
        return [request]

    def _answer(self, received: Received) -> DeltaDiscoveryRequest:
        request = self._request(received.type_url)
        request.response_nonce = received.nonce
        return request

    def _first_request(self, type_url: str) -> DeltaDiscoveryRequest:
        subscription = self._subscriptions[type_url]
        subscription.asked = True
        return self._request(type_url, subscription.names or (), versions=subscription.versions)

    def _request(
        self,
        type_url: str,
        subscribe: Iterable[str] = (),
        unsubscribe: Iterable[str] = (),
        versions: Mapping[str, str] | None = None,
    ) -> DeltaDiscoveryRequest:
        request = DeltaDiscoveryRequest(
            type_url=type_url,
            resource_names_subscribe=sorted(subscribe),
            resource_names_unsubscribe=sorted(unsubscribe),
            initial_resource_versions=dict(versions or {}),
        )
        if not (self._node_sent and self._node_on_first_only):
            request.node.CopyFrom(self._node)
            self._node_sent = True
        return request


def _send_position(type_url: str) -> int:
    return SEND_ORDER.index(type_url) if type_url in SEND_ORDER else len(SEND_ORDER)
