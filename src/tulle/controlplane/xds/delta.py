"""Incremental xDS: one type of one client as a pure machine (xDS protocol, delta variant)."""

from tulle.controlplane.xds.sotw import WILDCARD_TYPES, Answer, Generate
from tulle.protos.messages import DeltaDiscoveryRequest, DeltaDiscoveryResponse


class DeltaSubscription:
    """What a client wants of one type, and the version of each resource that it has."""

    def __init__(self, type_url: str) -> None:
        self.type_url = type_url
        self.wildcard = False
        self.names: set[str] = set()
        self._known: dict[str, str] = {}
        self._nonce = 0
        self._first = True
        self._explicit: set[str] = set()
        self.count = 0

    @property
    def nonce(self) -> str:
        """The nonce of the last response; empty before the first."""
        return str(self._nonce) if self._nonce else ""

    def receive(self, request: DeltaDiscoveryRequest) -> Answer:
        """Takes a request: changes of the subscription, an ACK or a NACK, or both at once."""
        if self._first:
            self._first = False
            self.wildcard = not request.resource_names_subscribe and self.type_url in WILDCARD_TYPES
            self._known = dict(request.initial_resource_versions)
            self._subscribe(request)
            return Answer(wants_response=True)
        changed = self._subscribe(request)
        if not request.response_nonce:
            return Answer(wants_response=changed)
        error = request.error_detail.message if request.HasField("error_detail") else ""
        nonce = request.response_nonce if request.response_nonce == self.nonce else ""
        return Answer(nonce, error, wants_response=changed)

    def _subscribe(self, request: DeltaDiscoveryRequest) -> bool:
        """Adds and removes names; a name that is asked for again is sent again."""
        for name in request.resource_names_subscribe:
            if name == "*":
                self.wildcard = True
            else:
                self.names.add(name)
                self._explicit.add(name)
        for name in request.resource_names_unsubscribe:
            if name == "*":
                self.wildcard = False
            self.names.discard(name)
            self._known.pop(name, None)
        return bool(request.resource_names_subscribe)

    def respond(self, generate: Generate, version: str) -> DeltaDiscoveryResponse | None:
        """What has changed since the last response, or None when nothing has; a first request is always answered."""
        resources = generate(None if self.wildcard else self.names)
        again, self._explicit = self._explicit, set()
        current = {resource.name: resource.version for resource in resources}
        changed = [item for item in resources if self._known.get(item.name) != item.version or item.name in again]
        gone = [name for name in self._known if name not in current]
        gone += [name for name in sorted(again) if name not in current and name not in gone]
        if self._nonce and not changed and not gone:
            return None
        self._known = current
        self._nonce += 1
        self.count = len(current)
        response = DeltaDiscoveryResponse(
            system_version_info=version, type_url=self.type_url, nonce=self.nonce, removed_resources=gone
        )
        for item in changed:
            entry = response.resources.add(name=item.name, version=item.version)
            entry.resource.type_url, entry.resource.value = self.type_url, item.value
        return response
