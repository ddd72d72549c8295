"""State of the world: one type of one client as a pure machine (xDS protocol, SotW variant)."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from tulle.controlplane.translate.generate import NamedResource
from tulle.protos import type_urls
from tulle.protos.messages import DiscoveryRequest, DiscoveryResponse

Generate = Callable[[Collection[str] | None], tuple[NamedResource, ...]]
# Clusters and listeners are asked for without names; of the others only what is named is sent.
WILDCARD_TYPES = (type_urls.CLUSTER, type_urls.LISTENER)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request was: an ACK, a NACK with its reason, or neither."""

    nonce: str = ""
    error: str = ""
    wants_response: bool = False


class SotwSubscription:
    """What a client wants of one type, and what it was sent last."""

    def __init__(self, type_url: str) -> None:
        self.type_url = type_url
        self.names: frozenset[str] | None = None
        self._nonce = 0
        self._sent: tuple[tuple[str, str], ...] | None = None
        self.count = 0

    @property
    def nonce(self) -> str:
        """The nonce of the last response; empty before the first."""
        return str(self._nonce) if self._nonce else ""

    def receive(self, request: DiscoveryRequest) -> Answer:
        """Takes a request: a subscription, an ACK or a NACK; one for an older response counts for nothing."""
        asked = frozenset(request.resource_names)
        names = None if not asked and self.type_url in WILDCARD_TYPES else asked
        if not request.response_nonce:
            self.names = names
            self._sent = None
            return Answer(wants_response=True)
        if request.response_nonce != self.nonce:
            return Answer()
        changed = names != self.names
        self.names = names
        error = request.error_detail.message if request.HasField("error_detail") else ""
        return Answer(request.response_nonce, error, wants_response=changed and not error)

    def respond(self, generate: Generate, version: str, force: bool = False) -> DiscoveryResponse | None:
        """The next response, or None when the client has all of it already."""
        resources = generate(self.names)
        content = tuple((resource.name, resource.version) for resource in resources)
        if content == self._sent and not force:
            return None
        self._sent = content
        self._nonce += 1
        self.count = len(resources)
        response = DiscoveryResponse(version_info=version, type_url=self.type_url, nonce=self.nonce)
        for resource in resources:
            response.resources.add(type_url=self.type_url, value=resource.value)
        return response
