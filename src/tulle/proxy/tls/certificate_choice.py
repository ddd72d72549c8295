"""Which of a server's certificates a client gets, by the name that it asks for."""

import ssl
from collections.abc import Callable

from tulle.proxy.telemetry.tls_facts import PeerCertificate
from tulle.proxy.tls.contexts import Recipe

Make = Callable[[Recipe], ssl.SSLContext | None]


class CertificateChoice:
    """Envoy's rules (ssl.rst): a name as it is, then with a wildcard for its first label, then the first certificate.

    A client without a name gets the first of each kind of key to pick from. Names are compared letter by letter.
    Certificates of the same name but different kinds of keys share a context, and OpenSSL picks what the client can.
    """

    def __init__(self, recipe: Recipe, full_scan: bool = False, require_name: bool = False) -> None:
        self._recipe = recipe
        self._full_scan = full_scan
        self._require_name = require_name
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._nameless: ssl.SSLContext | None = None

    def build(self, make: Make) -> ssl.SSLContext | None:
        """The context that every handshake begins with; None when `make` could not make one."""
        everything = make(self._recipe)  # so that every certificate is looked at, by its place
        if everything is None or (len(self._recipe.certificates) == 1 and not self._require_name):
            return everything
        by_name: dict[str, dict[str, int]] = {}
        kinds: dict[str, int] = {}
        for index, certificate in enumerate(self._recipe.certificates):
            kind, names = _describe(certificate.chain)
            kinds.setdefault(kind, index)
            for name in names:
                by_name.setdefault(name, {}).setdefault(kind, index)
        variant = (self._recipe.certificates, self._full_scan, self._require_name)
        first = self._with(make, set(kinds.values()) if self._full_scan else {0}, variant)
        self._nameless = self._with(make, set(kinds.values()))
        for name, indexes in by_name.items():
            context = self._with(make, set(indexes.values()))
            if context is not None:
                self._contexts[name] = context
        if first is not None:
            first.sni_callback = self._choose
        return first

    def _with(self, make: Make, indexes: set[int], variant: tuple[object, ...] = ()) -> ssl.SSLContext | None:
        certificates = tuple(self._recipe.certificates[index] for index in sorted(indexes))
        return make(self._recipe._replace(certificates=certificates, variant=variant))

    def _choose(self, connection: ssl.SSLObject, name: str | None, first: ssl.SSLContext) -> int | None:
        if not name and self._require_name:
            return int(ssl.ALERT_DESCRIPTION_HANDSHAKE_FAILURE)
        context = self._contexts.get(name) if name else self._nameless
        if context is None and name:
            _, dot, rest = name.partition(".")
            context = self._contexts.get(f"*{dot}{rest}")
        if context is not None:
            connection.context = context
        return None


def _describe(chain: bytes) -> tuple[str, list[str]]:
    """The kind of key of the first certificate of a chain, and the names that it is for."""
    text = chain.decode("latin-1")
    begin, end = text.index("-----BEGIN CERTIFICATE"), text.index("-----END CERTIFICATE-----")
    certificate = PeerCertificate(ssl.PEM_cert_to_DER_cert(text[begin:end] + "-----END CERTIFICATE-----\n"))
    names = certificate.names_of("DNS")
    if not certificate.names and certificate.common_name:
        names = [certificate.common_name]
    return certificate.key_kind, names
