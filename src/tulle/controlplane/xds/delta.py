"""Incremental xDS: one type of one client as a pure machine (xDS protocol, delta variant)."""

from collections.abc import Collection

from tulle.controlplane.xds.subscription import (
    FULL_STATE_TYPES,
    NO_REASON,
    WILDCARD,
    Answer,
    Generate,
    Reply,
    content_version,
    named_in,
)
from tulle.protos.messages import DeltaDiscoveryRequest, DeltaDiscoveryResponse


class DeltaSubscription:
    """What a client wants of one type, and the version of each resource that it was sent or came with."""

    def __init__(self, type_url: str) -> None:
        self.type_url = type_url
        self.wildcard = False
        self.names: set[str] = set()
        self._first = True
        self._due = False
        self._known: dict[str, str] = {}
        self._again: set[str] = set()  # asked for by name since the last response: sent, or told to be missing
        self._doubtful: set[str] = set()  # came with what was refused: sent once more
        self._unanswered: dict[str, frozenset[str]] = {}  # nonce → names
        self._nonces = 0

    @property
    def wanted(self) -> frozenset[str] | None:
        """The names that the client asks for; None for all."""
        return None if self.wildcard else frozenset(self.names)

    @property
    def present(self) -> Collection[str]:
        """The names of what there was of it when it was last looked at."""
        return self._known.keys()

    @property
    def nonce(self) -> str:
        """The nonce of the last response; empty before the first."""
        return str(self._nonces) if self._nonces else ""

    def receive(self, request: DeltaDiscoveryRequest) -> Answer:
        """Takes a request: changes of the subscription, an ACK or a NACK, or both at once."""
        if self._first:
            self._first = False
            self.wildcard = self.type_url in FULL_STATE_TYPES and not request.resource_names_subscribe
            self._known = dict(request.initial_resource_versions)
            self._subscribe(request.resource_names_subscribe)
            # A client that comes back with the version that is in force need not be sent it.
            self._again -= self._known.keys()
            self._due = True
            return Answer(wants_response=True)
        self._subscribe(request.resource_names_subscribe)
        self._unsubscribe(request.resource_names_unsubscribe)
        error = ""
        if request.response_nonce:
            names = self._unanswered.pop(request.response_nonce, frozenset())
            if request.HasField("error_detail"):
                error = request.error_detail.message or NO_REASON
                self._doubt(names, error)
        return Answer(request.response_nonce, error, wants_response=self._due or bool(self._again))

    def _doubt(self, names: frozenset[str], error: str) -> None:
        """Of what was refused, sends the rest anew when the reason names the culprits, and else all with what is next.

        A proxy may refuse a response as a whole, and would never learn of what is right in it.
        """
        culprits = named_in(error, names)
        rest = {name for name in names - culprits if self.wildcard or name in self.names}
        if culprits:
            self._again |= rest
        else:
            self._doubtful |= rest

    def _subscribe(self, names: Collection[str]) -> None:
        """Adds names; one that is asked for again is sent again."""
        for name in names:
            if name == WILDCARD:
                self._due = self._due or not self.wildcard
                self.wildcard = True
            else:
                self.names.add(name)
                self._again.add(name)

    def _unsubscribe(self, names: Collection[str]) -> None:
        """Takes names away; under a wildcard the client must be told what remains of them."""
        for name in names:
            if name == WILDCARD:
                self.wildcard = False
                self._known = {name: version for name, version in self._known.items() if name in self.names}
                continue
            self.names.discard(name)
            if self.wildcard:
                self._again.add(name)
            else:
                self._again.discard(name)
                self._known.pop(name, None)

    def respond(self, generate: Generate, again: Collection[str] = ()) -> Reply | None:
        """What has changed since the last response; None when nothing has. A first request is always answered."""
        if not (self._due or self._again or self.wildcard or self.names):
            return None
        resources = generate(self.wanted)
        current = {item.name: item.version for item in resources}
        wanted_again = self._again.union(again, self._doubtful)
        news = [item for item in resources if self._known.get(item.name) != item.version or item.name in wanted_again]
        gone = {name for name in self._known if name not in current}
        gone |= {name for name in self._again | self._doubtful if name not in current}
        self._known, self._again, self._doubtful = current, set(), set()
        if not (self._due or news or gone):
            return None
        self._due = False
        self._nonces += 1
        removed = tuple(sorted(gone))
        version = content_version(resources)
        message = DeltaDiscoveryResponse(
            system_version_info=version, type_url=self.type_url, nonce=self.nonce, removed_resources=removed
        )
        for item in news:
            entry = message.resources.add(name=item.name, version=item.version)
            entry.resource.type_url, entry.resource.value = self.type_url, item.value
        carried = {item.name: item.version for item in news}
        self._unanswered[self.nonce] = frozenset(carried).union(removed)
        return Reply(
            type_url=self.type_url,
            nonce=self.nonce,
            version=version,
            carried=carried,
            changed=frozenset(carried),
            removed=removed,
            whole=False,
            count=len(current),
            message=message,
        )
