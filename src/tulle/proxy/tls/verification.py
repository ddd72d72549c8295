"""What is asked of a peer's certificate beyond its chain: fingerprints and names."""

import hashlib
import ssl
from collections.abc import Sequence
from typing import NamedTuple

from tulle.proxy.telemetry.tls_facts import PeerCertificate, SubjectName
from tulle.proxy.tls.failures import VERIFY_HASH, VERIFY_NO_CERT, VERIFY_SAN, Failure, unverified
from tulle.proxy.tls.subject_names import NameTest, any_name_passes

_KINDS = {"DNS": "DNS", "URI": "URI", "email": "EMAIL"}


class Verification(NamedTuple):
    """`hashes` and `key_hashes` are SHA-256, of which one must fit if there are any; likewise one of `names`."""

    hashes: frozenset[bytes] = frozenset()
    key_hashes: frozenset[bytes] = frozenset()
    names: tuple[NameTest, ...] = ()

    def judge(self, connection: ssl.SSLObject, names: Sequence[NameTest] = ()) -> Failure | None:
        """Why the peer of a connection is not accepted; `names` stand in place of the usual ones."""
        wanted = names or self.names
        if not (wanted or self.hashes or self.key_hashes):
            return None
        der = connection.getpeercert(binary_form=True)
        if der is None:
            # A client need not show a certificate unless it must, and then it never comes this far without.
            return None if connection.server_side else Failure("", VERIFY_NO_CERT)
        peer = PeerCertificate(der)
        if wanted:
            found = _names(connection, peer)
            if not any_name_passes(found, wanted):
                listed = ", ".join(text for _, text in found)
                return unverified(f"SAN matcher, certificate SANs are [{listed}]", VERIFY_SAN)
        if (self.hashes or self.key_hashes) and not self._has_hash(peer):
            return unverified("cert hash and spki", VERIFY_HASH)
        return None

    def _has_hash(self, peer: PeerCertificate) -> bool:
        if hashlib.sha256(peer.der).digest() in self.hashes:
            return True
        return bool(self.key_hashes) and peer.public_key_hash in self.key_hashes


def _names(connection: ssl.SSLObject, peer: PeerCertificate) -> Sequence[SubjectName]:
    """OpenSSL has the names of a certificate that it verified ready; the others are read anew."""
    known = connection.getpeercert()
    if not known:
        return peer.names
    listed: Sequence[tuple[str, str]] = known.get("subjectAltName", ())  # type: ignore[assignment]
    if any(kind not in _KINDS for kind, _ in listed):
        return peer.names
    return [(_KINDS[kind], text) for kind, text in listed]
