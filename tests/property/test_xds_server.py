"""A client and the server's machines over a line that delays, breaks and loses: in the end both know the same."""

from collections import deque
from collections.abc import Collection, Mapping
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tulle.controlplane.translate.generate import NamedResource
from tulle.controlplane.xds.delta import DeltaSubscription
from tulle.controlplane.xds.sotw import SotwSubscription
from tulle.controlplane.xds.status import Ledger
from tulle.controlplane.xds.subscription import Reply
from tulle.protos.messages import DeltaDiscoveryRequest, DiscoveryRequest
from tulle.protos.type_urls import CLUSTER, ENDPOINT

NAMES = st.sampled_from("abcd")
POISON = "9"  # a version that clients refuse


class _Client:
    """Takes what it is sent, and refuses a response that carries poison."""

    def __init__(self, delta: bool, type_url: str, says_why: bool) -> None:
        self.delta = delta
        self._says_why = says_why
        self.type_url = type_url
        self.names: set[str] = set() if type_url == CLUSTER else {"a"}
        self.has: dict[str, str] = {}
        self._told: set[str] = set()  # names that the server has heard of on this connection (delta)
        self._version = ""
        self._nonce = ""

    def hello(self) -> Any:
        """The first request of a connection."""
        self._nonce, self._told = "", set(self.names)
        if self.delta:
            return DeltaDiscoveryRequest(
                type_url=self.type_url,
                resource_names_subscribe=sorted(self.names),
                initial_resource_versions=self.has,
            )
        return DiscoveryRequest(type_url=self.type_url, resource_names=sorted(self.names), version_info=self._version)

    def take(self, reply: Reply) -> Any:
        """The answer to a response."""
        self._nonce = reply.nonce
        culprits = [name for name, version in reply.carried.items() if version == POISON]
        if not culprits:
            if reply.whole:
                self.has = {}
            wanted = reply.carried if self.type_url == CLUSTER else self.names.intersection(reply.carried)
            self.has.update({name: reply.carried[name] for name in wanted})
            for name in reply.removed:
                self.has.pop(name, None)
            self._version = reply.version
        return self._request(f"no {', '.join(culprits) if self._says_why else 'reason'}" if culprits else "")

    def want(self, names: Collection[str]) -> Any:
        """The request that changes what it wants; None when it has not had a response to refer to."""
        self.names = set(names)
        self.has = {name: version for name, version in self.has.items() if name in self.names}
        if not self.delta and not self._nonce:
            return None
        return self._request("", answers=not self.delta)

    def _request(self, error: str, answers: bool = True) -> Any:
        nonce = self._nonce if answers else ""
        request: Any
        if self.delta:
            request = DeltaDiscoveryRequest(type_url=self.type_url, response_nonce=nonce)
            request.resource_names_subscribe.extend(sorted(self.names - self._told))
            request.resource_names_unsubscribe.extend(sorted(self._told - self.names))
            self._told = set(self.names)
        else:
            request = DiscoveryRequest(
                type_url=self.type_url,
                resource_names=sorted(self.names),
                response_nonce=nonce,
                version_info=self._version,
            )
        if error:
            request.error_detail.message = error
        return request


class Conversation(RuleBasedStateMachine):
    """One type, one client, one control plane."""

    @initialize(delta=st.booleans(), type_url=st.sampled_from([CLUSTER, ENDPOINT]), says_why=st.booleans())
    def start(self, delta: bool, type_url: str, says_why: bool) -> None:
        self.world: Mapping[str, str] = {}
        self.client = _Client(delta, type_url, says_why)
        self.ledger = Ledger()
        self.connect()

    def connect(self) -> None:
        self.up: deque[Any] = deque()
        self.down: deque[Reply] = deque()
        kind = DeltaSubscription if self.client.delta else SotwSubscription
        self.subscription: Any = kind(self.client.type_url)
        self.ledger.disconnect(1)
        self.status = self.ledger.connect(1, "client")
        self.up.append(self.client.hello())

    def generate(self, names: Collection[str] | None) -> tuple[NamedResource, ...]:
        return tuple(
            NamedResource(name, name.encode(), version)
            for name, version in sorted(self.world.items())
            if names is None or name in names
        )

    @rule(world=st.dictionaries(NAMES, st.sampled_from(["1", "2", POISON])))
    def change_the_world(self, world: dict[str, str]) -> None:
        self.world = world

    @rule()
    def push(self) -> None:
        self.respond()

    def respond(self) -> None:
        reply = self.subscription.respond(self.generate)
        if reply is not None:
            self.ledger.sent(self.status, reply)
            self.down.append(reply)
        self.ledger.keep_only(self.status, self.client.type_url, self.subscription.present)

    @rule()
    def deliver_a_request(self) -> None:
        if self.up:
            answer = self.subscription.receive(self.up.popleft())
            if answer.nonce:
                self.ledger.answered(self.status, self.client.type_url, answer.nonce, answer.error)
            if answer.wants_response:
                self.respond()

    @rule()
    def deliver_a_response(self) -> None:
        if self.down:
            self.up.append(self.client.take(self.down.popleft()))

    @rule(names=st.sets(NAMES))
    def want_other_names(self, names: set[str]) -> None:
        if self.client.type_url == ENDPOINT:
            request = self.client.want(names)
            if request is not None:
                self.up.append(request)

    @rule()
    def break_the_line(self) -> None:
        self.connect()

    def teardown(self) -> None:
        if not hasattr(self, "client"):
            return
        self.world = {name: version if version != POISON else "3" for name, version in self.world.items()}
        self.settle()
        client = self.client
        wanted = {
            name: version for name, version in self.world.items() if client.type_url == CLUSTER or name in client.names
        }
        assert {name: version for name, version in client.has.items() if name in self.world} == wanted
        if client.delta or client.type_url == CLUSTER:
            assert client.has == wanted
        status = self.status.of_type(client.type_url)
        assert status.word in ("SYNCED", "NOT SENT")
        taken = {name: found.taken for name, found in status.resources.items()}
        assert {name: version for name, version in taken.items() if name in wanted}.items() <= client.has.items()

    def settle(self) -> None:
        """Everything is delivered, and pushed once more."""
        for _ in range(3):
            while self.up or self.down:
                self.deliver_a_request()
                self.deliver_a_response()
            self.respond()


TestConversation = Conversation.TestCase
TestConversation.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)
