"""State of the world: one type of one client as a pure machine (xDS protocol, SotW variant)."""

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
from tulle.protos.messages import DiscoveryRequest, DiscoveryResponse


class SotwSubscription:
    """What a client wants of one type, and the version of each resource that it was sent.

    Clusters and listeners always go as a complete set: what is not in it is gone. Of the other types only what
    is new to the client goes, as their absence means nothing (xDS protocol, "Deleting Resources").
    """

    def __init__(self, type_url: str) -> None:
        self.type_url = type_url
        self.wanted: frozenset[str] | None = frozenset()
        self._whole = type_url in FULL_STATE_TYPES
        self._named = False  # whether names were ever asked for; then none means none, not all
        self._first = True
        self._due = False
        self._sent: dict[str, str] = {}
        self.present: frozenset[str] = frozenset()
        self._unanswered: dict[str, frozenset[str]] = {}  # nonce → names; of types that are sent in parts
        self._nonces = 0

    @property
    def nonce(self) -> str:
        """The nonce of the last response; empty before the first."""
        return str(self._nonces) if self._nonces else ""

    def receive(self, request: DiscoveryRequest) -> Answer:
        """Takes a subscription, an ACK or a NACK; the names of one that answers an older response count for nothing."""
        nonce = request.response_nonce
        if self._first or not nonce:
            self._first = False
            self._ask(request.resource_names)
            self._sent.clear()
            self._unanswered.clear()
            self._due = True
            return Answer(wants_response=True)
        error = ""
        if request.HasField("error_detail"):
            error = request.error_detail.message or NO_REASON
        self._settle(nonce, error)
        if nonce != self.nonce:
            return Answer(nonce, error, stale=True)
        self._ask(request.resource_names)
        return Answer(nonce, error, wants_response=self._due)

    def _settle(self, nonce: str, error: str) -> None:
        """Of what was refused, forgets that the client was sent it: what the reason does not name goes out anew.

        A proxy may refuse a response as a whole, and would never learn of what is right in it.
        """
        names = self._unanswered.pop(nonce, frozenset())
        culprits = named_in(error, names) if error else names
        for name in names - culprits:
            self._sent.pop(name, None)
        if culprits and culprits != names:
            self._due = True

    def _ask(self, names: Collection[str]) -> None:
        """Takes the names that are wanted from now on; a response is due when there are new ones."""
        before, asked = self.wanted, frozenset(names)
        if WILDCARD in asked or (not asked and self._whole and not self._named):
            self.wanted = None
        else:
            self.wanted = asked
        self._named = self._named or bool(asked)
        if self.wanted is None:
            self._due = self._due or before is not None
            return
        self._due = self._due or not self.wanted <= (before or frozenset())
        self._sent = {name: version for name, version in self._sent.items() if name in self.wanted}
        self.present &= self.wanted

    def respond(self, generate: Generate, again: Collection[str] = ()) -> Reply | None:
        """The next response; None when the client has everything."""
        if not self._due and self.wanted is not None and not self.wanted:
            return None
        resources = generate(self.wanted)
        news = [item for item in resources if self._sent.get(item.name) != item.version or item.name in again]
        vanished = len(resources) - len(news) < len(self._sent) - sum(item.name in self._sent for item in news)
        # What is gone is forgotten, so that it goes out again should it come back.
        self._sent = {item.name: item.version for item in resources}
        self.present = frozenset(self._sent)
        if not self._due and not news and not (vanished and self._whole):
            return None
        self._due = False
        self._nonces += 1
        carried = resources if self._whole else news
        if not self._whole:
            self._unanswered[self.nonce] = frozenset(item.name for item in news)
        version = content_version(resources)
        message = DiscoveryResponse(version_info=version, type_url=self.type_url, nonce=self.nonce)
        for item in carried:
            message.resources.add(type_url=self.type_url, value=item.value)
        return Reply(
            type_url=self.type_url,
            nonce=self.nonce,
            version=version,
            carried={item.name: item.version for item in carried},
            changed=frozenset(item.name for item in news),
            removed=(),
            whole=self._whole,
            count=len(resources),
            message=message,
        )
