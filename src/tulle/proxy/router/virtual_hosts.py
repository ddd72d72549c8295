"""The virtual host for a request's host: exact names, then the longest wildcard (Envoy: findVirtualHost)."""

from typing import Generic, TypeVar

from tulle.foundation.errors import FieldProblem
from tulle.proxy.router.string_match import Problems

V = TypeVar("V")


class DomainIndex(Generic[V]):
    """Virtual hosts by domain; `sole` is the host for every request when the only domain is `*`."""

    __slots__ = ("_dotted", "_exact", "_ignore_port", "_prefixes", "_suffixes", "default", "sole")

    def __init__(self, ignore_port: bool) -> None:
        self._ignore_port = ignore_port
        self._exact: dict[bytes, V] = {}
        self._dotted: dict[bytes, V] = {}  # suffixes that begin with a dot, while there are no others
        self._suffixes: dict[int, dict[bytes, V]] = {}  # by length, the longest first
        self._prefixes: dict[int, dict[bytes, V]] = {}
        self.default: V | None = None
        self.sole: V | None = None

    def add(self, domain: str, value: V, path: str, problems: Problems) -> None:
        """One more domain; a problem when it was there already."""
        text = domain.lower().encode()
        if text == b"*":
            if self.default is not None:
                problems.append(FieldProblem(path, "only a single wildcard domain is permitted"))
            self.default = value
            return
        if text.startswith(b"*"):
            table, key = self._suffixes.setdefault(len(text) - 1, {}), text[1:]
        elif text.endswith(b"*"):
            table, key = self._prefixes.setdefault(len(text) - 1, {}), text[:-1]
        else:
            table, key = self._exact, text
        if key in table:
            problems.append(FieldProblem(path, f"duplicate entry of domain {text.decode()}"))
        table.setdefault(key, value)

    def seal(self) -> None:
        """To be called when all domains are there."""
        if not self._exact and not self._suffixes and not self._prefixes:
            self.sole = self.default
        self._suffixes = dict(sorted(self._suffixes.items(), reverse=True))
        self._prefixes = dict(sorted(self._prefixes.items(), reverse=True))
        suffixes = [item for table in self._suffixes.values() for item in table.items()]
        if all(key.startswith(b".") for key, _ in suffixes):
            # Then only what follows a dot of the host can be a suffix: few places, however many lengths there are.
            self._dotted = dict(suffixes)
            self._suffixes = {}

    def find(self, authority: bytes | None) -> V | None:
        """The virtual host for an authority, with its port if it has one; None when there is none."""
        if self.sole is not None:
            return self.sole
        if authority is None:
            return None
        if self._ignore_port:
            authority = without_port(authority)
        found = self._exact.get(authority)
        if found is not None:
            return found
        host = authority.lower()
        if host != authority:
            found = self._exact.get(host)
            if found is not None:
                return found
        return self._find_wildcard(host)

    def _find_wildcard(self, host: bytes) -> V | None:
        dotted = self._dotted
        if dotted:
            # The dot must have something before it: `*.a.com` is not for `.a.com`.
            at = host.find(b".", 1)
            while at > 0:
                found = dotted.get(host[at:])
                if found is not None:
                    return found
                at = host.find(b".", at + 1)
        size = len(host)
        for length, table in self._suffixes.items():
            if length < size:
                found = table.get(host[size - length :])
                if found is not None:
                    return found
        for length, table in self._prefixes.items():
            if length < size:
                found = table.get(host[:length])
                if found is not None:
                    return found
        return self.default


def without_port(authority: bytes) -> bytes:
    """The host of an authority; an IPv6 address keeps its brackets (Envoy: HeaderUtility::getPortStart)."""
    colon = authority.rfind(b":")
    return authority if colon < 0 or authority.rfind(b"]") > colon else authority[:colon]
