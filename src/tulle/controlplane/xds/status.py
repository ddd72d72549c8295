"""The ACK ledger: which proxy has which version of which resource, and what it refused and why."""

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field

from tulle.controlplane.xds.subscription import FULL_STATE_TYPES, Reply, named_in
from tulle.protos.type_urls import SHORT_NAMES

NOT_SENT, SYNCED, STALE, ERROR = "NOT SENT", "SYNCED", "STALE", "ERROR"


@dataclass(slots=True)
class ResourceStatus:
    """One resource at one proxy: the version that was sent last, and the one that the proxy took last."""

    sent: str
    taken: str = ""
    error: str = ""

    @property
    def word(self) -> str:
        """SYNCED, STALE or ERROR."""
        if self.error:
            return ERROR
        return SYNCED if self.sent == self.taken else STALE


@dataclass(slots=True)
class TypeStatus:
    """One resource type at one proxy."""

    type_url: str
    nonce: str = ""  # of the last response
    version: str = ""  # of all resources of this type, as of the last response
    error: str = ""  # why the proxy refused what it refused last; empty when it has taken all
    failure: str = ""  # why the resources could not be made for the context in force
    sent_at: float = 0.0
    answered_at: float = 0.0
    count: int = 0
    resources: dict[str, ResourceStatus] = field(default_factory=dict)
    waiting: dict[str, Reply] = field(default_factory=dict)  # by nonce, the responses without an answer

    @property
    def word(self) -> str:
        """SYNCED, STALE (sent, not answered), ERROR (refused, or could not be made) or NOT SENT."""
        if self.failure:
            return ERROR
        if not self.nonce:
            return NOT_SENT
        if self.error:
            return ERROR
        return STALE if self.waiting else SYNCED

    def keep_only(self, names: Collection[str]) -> None:
        """Forgets the resources that the proxy is not to have any more, and why it refused them."""
        gone = [found for name, found in self.resources.items() if name not in names]
        if gone:
            self.resources = {name: found for name, found in self.resources.items() if name in names}
            if any(found.error for found in gone) and not any(found.error for found in self.resources.values()):
                self.error = ""

    def note_reply(self, reply: Reply, now: float) -> None:
        """Notes what was sent."""
        self.nonce, self.version, self.count, self.sent_at = reply.nonce, reply.version, reply.count, now
        self.waiting[reply.nonce] = reply
        for name in reply.removed:
            self.resources.pop(name, None)
        if reply.whole:
            self.resources = {name: found for name, found in self.resources.items() if name in reply.carried}
        for name, version in reply.carried.items():
            self.resources.setdefault(name, ResourceStatus(version)).sent = version

    def note_ack(self, nonce: str, now: float) -> bool:
        """Notes that a response was taken; False when no such response waits for an answer."""
        reply = self._settle(nonce, now)
        if reply is None:
            return False
        for name, version in reply.carried.items():
            self._take(name, version)
        if not any(found.error for found in self.resources.values()):
            self.error = ""
        return True

    def note_nack(self, nonce: str, error: str, now: float) -> bool:
        """Notes that a response was refused; False when no such response waits for an answer.

        The reason tells the resources apart when it names them: of clusters and listeners a proxy takes the others
        (Envoy: CdsApiHelper, LdsApiImpl), of other types it may have taken none.
        """
        reply = self._settle(nonce, now)
        if reply is None:
            return False
        self.error = error
        named = named_in(error, reply.carried)
        others_taken = bool(named) and self.type_url in FULL_STATE_TYPES
        for name, version in reply.carried.items():
            found = self.resources.get(name)
            if name in named or (not others_taken and name in reply.changed):
                if found is not None and found.sent == version:
                    found.error = error
            elif others_taken:
                self._take(name, version)
        return True

    def _settle(self, nonce: str, now: float) -> Reply | None:
        reply = self.waiting.pop(nonce, None)
        if reply is not None:
            self.answered_at = now
        return reply

    def _take(self, name: str, version: str) -> None:
        found = self.resources.get(name)
        if found is not None:
            found.taken = version
            if found.sent == version:
                found.error = ""

    def as_dict(self, resources: bool = False) -> dict[str, object]:
        """For JSON; with all resources, or with their number only."""
        found: dict[str, object] = {
            "status": self.word,
            "error": f"control plane: {self.failure}" if self.failure else self.error,
            "resources": self.count,
            "version": self.version,
            "sent_at": self.sent_at,
            "answered_at": self.answered_at,
        }
        if resources:
            found["by_name"] = {
                name: {"status": item.word, "sent": item.sent, "taken": item.taken, "error": item.error}
                for name, item in sorted(self.resources.items())
            }
        return found


@dataclass(slots=True)
class ProxyStatus:
    """One connected proxy."""

    node_id: str
    connected_at: float
    context: str = ""  # the version of the context that it was sent last, whole
    types: dict[str, TypeStatus] = field(default_factory=dict)

    def of_type(self, type_url: str) -> TypeStatus:
        """The status of one type; NOT SENT when nothing has happened yet."""
        return self.types.get(type_url) or TypeStatus(type_url)

    def as_dict(self, resources: bool = False) -> dict[str, object]:
        """For `/debug/syncz` and `tulle proxy-status`."""
        return {
            "proxy": self.node_id,
            "connected_at": self.connected_at,
            "context": self.context,
            **{short: self.of_type(url).as_dict(resources) for url, short in SHORT_NAMES.items()},
        }


class Ledger:
    """All connected proxies by connection, and how often each kind of thing happened, by type URL."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self.proxies: dict[int, ProxyStatus] = {}
        self.pushes: Counter[str] = Counter()
        self.rejects: Counter[str] = Counter()
        self.stale_answers: Counter[str] = Counter()

    def connect(self, connection: int, node_id: str) -> ProxyStatus:
        """Notes a new connection."""
        status = ProxyStatus(node_id, self._clock())
        self.proxies[connection] = status
        return status

    def disconnect(self, connection: int) -> None:
        """Forgets a connection."""
        self.proxies.pop(connection, None)

    def sent(self, status: ProxyStatus, reply: Reply) -> None:
        """Notes what was sent."""
        self.pushes[reply.type_url] += 1
        status.types.setdefault(reply.type_url, TypeStatus(reply.type_url)).note_reply(reply, self._clock())

    def failed(self, status: ProxyStatus, type_url: str, failure: str) -> None:
        """Notes why the resources of a type could not be made for a proxy; empty when they could again."""
        status.types.setdefault(type_url, TypeStatus(type_url)).failure = failure

    def answered(self, status: ProxyStatus, type_url: str, nonce: str, error: str) -> None:
        """Notes an ACK, or a NACK with its reason; one for a response that nobody sent counts as stale."""
        entry, now = status.of_type(type_url), self._clock()
        known = entry.note_nack(nonce, error, now) if error else entry.note_ack(nonce, now)
        if not known:
            self.stale_answers[type_url] += 1
        elif error:
            self.rejects[type_url] += 1

    def keep_only(self, status: ProxyStatus, type_url: str, names: Collection[str]) -> None:
        """Forgets what a proxy has of a type, but for these names."""
        status.of_type(type_url).keep_only(names)

    def holders(self, type_url: str, name: str) -> Iterator[tuple[str, ResourceStatus]]:
        """Each proxy that was sent a resource, and what it made of it."""
        for status in self.proxies.values():
            found = status.of_type(type_url).resources.get(name)
            if found is not None:
                yield status.node_id, found

    def in_sync(self) -> bool:
        """Whether every proxy has taken all that it was sent."""
        return all(
            entry.word in (SYNCED, NOT_SENT) for status in self.proxies.values() for entry in status.types.values()
        )
