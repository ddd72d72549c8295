"""One client as a machine without sockets: its node, its subscriptions, and the responses in their order."""

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from tulle.controlplane.push.context import PushContext
from tulle.controlplane.push.node import Node, parse_node
from tulle.controlplane.translate.generate import READS, NamedResource, generate
from tulle.controlplane.xds.status import Ledger, ProxyStatus
from tulle.controlplane.xds.subscription import Reply, Subscription
from tulle.protos.messages import DeltaDiscoveryRequest, DiscoveryRequest
from tulle.protos.type_urls import CLUSTER, ENDPOINT, SEND_ORDER, SHORT_NAMES

_log = logging.getLogger("tulle.xds")


class BadRequest(Exception):
    """A request that the protocol does not allow."""


class Session:
    """Both variants of the protocol: `subscribe` makes the machine of one type."""

    def __init__(
        self, number: int, context: PushContext, ledger: Ledger, subscribe: Callable[[str], Subscription[Any]]
    ) -> None:
        self.number = number
        self.context = context
        self.node: Node | None = None
        self._ledger = ledger
        self._subscribe = subscribe
        self._subscriptions: dict[str, Subscription[Any]] = {}
        self._status: ProxyStatus | None = None
        self._warming: set[str] = set()
        self._failed: set[str] = set()  # types whose resources could not be made: tried again with each context

    def receive(self, request: DiscoveryRequest | DeltaDiscoveryRequest) -> Iterator[Reply]:
        """Takes a request; gives the response when one is due. BadRequest for one that names no type or no node."""
        if not request.type_url:
            raise BadRequest("type_url must be set on an aggregated stream")
        if self.node is None or self._status is None:
            if not request.node.id:
                raise BadRequest("the first request of a stream must name the node")
            self.node = parse_node(request.node)
            self._status = self._ledger.connect(self.number, self.node.id)
            self._status.context = self.context.version
        type_url = request.type_url
        subscription = self._subscriptions.get(type_url)
        if subscription is None:
            subscription = self._subscriptions[type_url] = self._subscribe(type_url)
        answer = subscription.receive(request)
        if answer.nonce:
            self._ledger.answered(self._status, type_url, answer.nonce, answer.error)
        if answer.error:
            _log.warning("%s refused %s: %s", self.node.id, SHORT_NAMES.get(type_url, type_url), answer.error)
        if answer.wants_response:
            yield from self._respond(type_url)
        else:
            self._ledger.keep_only(self._status, type_url, subscription.present)

    def push(self, context: PushContext) -> Iterator[Reply]:
        """Takes a new context; gives what the client has to learn, what is referred to before what refers to it."""
        kinds = context.config.kinds_that_differ(self.context.config)
        self.context = context
        for type_url in SEND_ORDER:
            concerned = not kinds.isdisjoint(READS.get(type_url, ())) or type_url in self._failed
            concerned = concerned or (type_url == ENDPOINT and bool(self._warming))
            if concerned and type_url in self._subscriptions:
                yield from self._respond(type_url)
        if self._status is not None:
            self._status.context = context.version

    def close(self) -> None:
        """Forgets the client."""
        self._ledger.disconnect(self.number)

    def _respond(self, type_url: str) -> Iterator[Reply]:
        status = self._status
        if status is None:
            return
        # A cluster that changed is warmed anew and waits for endpoints, even if the proxy has had the same before
        # (xDS protocol, "Resource warming"). An assignment has the name of its cluster.
        again: Collection[str] = self._warming if type_url == ENDPOINT else ()
        subscription = self._subscriptions[type_url]
        try:
            reply = subscription.respond(lambda names: self._generate(type_url, names), again)
        except Exception as error:
            # The edge of one type at one proxy: it keeps what it has been sent of it, and all other types go on.
            short = SHORT_NAMES.get(type_url, type_url)
            _log.error("%s for %s cannot be made; the last ones stay in force", short, status.node_id, exc_info=error)
            self._failed.add(type_url)
            self._ledger.failed(status, type_url, f"{type(error).__name__}: {error}")
            return
        if type_url in self._failed:
            self._failed.discard(type_url)
            self._ledger.failed(status, type_url, "")
        if type_url == ENDPOINT:
            self._warming = set()
        if reply is not None:
            if type_url == CLUSTER:
                self._warming |= reply.changed
            self._ledger.sent(status, reply)
        self._ledger.keep_only(status, type_url, subscription.present)
        if reply is not None:
            yield reply

    def _generate(self, type_url: str, names: Collection[str] | None) -> Sequence[NamedResource]:
        return generate(type_url, self.node, self.context, names) if self.node is not None else ()
