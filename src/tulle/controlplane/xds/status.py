"""The ACK ledger: what each proxy was sent, what it took, and what it refused and why."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tulle.protos.type_urls import SHORT_NAMES


@dataclass(slots=True)
class TypeStatus:
    """One resource type at one proxy."""

    sent_nonce: str = ""
    acked_nonce: str = ""
    error: str = ""
    sent_at: float = 0.0
    answered_at: float = 0.0
    resources: int = 0

    @property
    def word(self) -> str:
        """SYNCED, STALE (sent, not answered), ERROR (refused) or NOT SENT."""
        if not self.sent_nonce:
            return "NOT SENT"
        if self.error:
            return "ERROR"
        return "SYNCED" if self.sent_nonce == self.acked_nonce else "STALE"


@dataclass(slots=True)
class ProxyStatus:
    """One connected proxy."""

    node_id: str
    connected_at: float
    types: dict[str, TypeStatus] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """For `/debug/syncz` and `tulle proxy-status`."""
        return {
            "proxy": self.node_id,
            "connected_at": self.connected_at,
            **{
                short: {
                    "status": found.word if (found := self.types.get(url)) else "NOT SENT",
                    "error": found.error if found else "",
                    "resources": found.resources if found else 0,
                }
                for url, short in SHORT_NAMES.items()
            },
        }


class Ledger:
    """All connected proxies by connection."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self.proxies: dict[int, ProxyStatus] = {}
        self.rejects = 0
        self.pushes = 0

    def connect(self, connection: int, node_id: str) -> ProxyStatus:
        """Notes a new connection."""
        status = ProxyStatus(node_id, self._clock())
        self.proxies[connection] = status
        return status

    def disconnect(self, connection: int) -> None:
        """Forgets a connection."""
        self.proxies.pop(connection, None)

    def sent(self, status: ProxyStatus, type_url: str, nonce: str, resources: int) -> None:
        """Notes what was sent."""
        self.pushes += 1
        entry = status.types.setdefault(type_url, TypeStatus())
        entry.sent_nonce, entry.sent_at, entry.resources = nonce, self._clock(), resources

    def answered(self, status: ProxyStatus, type_url: str, nonce: str, error: str) -> None:
        """Notes an ACK, or a NACK with its reason."""
        entry = status.types.setdefault(type_url, TypeStatus())
        entry.answered_at, entry.error = self._clock(), error
        if error:
            self.rejects += 1
        else:
            entry.acked_nonce = nonce

    def in_sync(self) -> bool:
        """Whether every proxy has taken all that it was sent."""
        return all(
            entry.word in ("SYNCED", "NOT SENT") for status in self.proxies.values() for entry in status.types.values()
        )
