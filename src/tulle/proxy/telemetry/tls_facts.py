"""What is known of the TLS of one connection, for logs, headers and rules."""

import hashlib
import ssl
from functools import cached_property
from ipaddress import ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

SubjectName = tuple[str, str]  # DNS, URI, EMAIL or IP, and the name


class PeerCertificate:
    """A certificate that a peer showed; it is read when somebody first asks."""

    def __init__(self, der: bytes) -> None:
        self.der = der

    @cached_property
    def _parsed(self) -> "Certificate":
        # Costs memory that a proxy without TLS need not pay.
        from cryptography.x509 import load_der_x509_certificate

        return load_der_x509_certificate(self.der)

    @cached_property
    def fingerprint_256(self) -> str:
        """SHA-256 of the certificate, in hexadecimal digits."""
        return hashlib.sha256(self.der).hexdigest()

    @cached_property
    def public_key_hash(self) -> bytes:
        """SHA-256 of the SubjectPublicKeyInfo."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        key = self._parsed.public_key()
        return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()

    @cached_property
    def subject(self) -> str:
        """As RFC 2253 writes it: `CN=client,O=Tulle`."""
        return self._parsed.subject.rfc4514_string()

    @cached_property
    def issuer(self) -> str:
        """Likewise."""
        return self._parsed.issuer.rfc4514_string()

    @cached_property
    def serial(self) -> str:
        """In hexadecimal digits, two for each byte."""
        digits = f"{self._parsed.serial_number:x}"
        return digits if len(digits) % 2 == 0 else f"0{digits}"

    @cached_property
    def pem(self) -> str:
        """In PEM."""
        return ssl.DER_cert_to_PEM_cert(self.der)

    @cached_property
    def names(self) -> tuple[SubjectName, ...]:
        """The alternative names of the subject, in the order in which they stand."""
        from cryptography import x509

        kinds = {x509.DNSName: "DNS", x509.UniformResourceIdentifier: "URI", x509.RFC822Name: "EMAIL"}
        found: list[SubjectName] = []
        try:
            names = self._parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except (x509.ExtensionNotFound, ValueError):
            return ()
        for name in names:
            if isinstance(name, x509.IPAddress):
                found.append(("IP", str(ip_address(str(name.value)))))
            elif type(name) in kinds:
                found.append((kinds[type(name)], str(name.value)))
        return tuple(found)

    @property
    def common_name(self) -> str:
        """The last CN of the subject; empty when there is none."""
        from cryptography.x509.oid import NameOID

        names = self._parsed.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return str(names[-1].value) if names else ""

    @property
    def key_kind(self) -> str:
        """What its key is: RSA, EC or another."""
        name = type(self._parsed.public_key()).__name__
        return next((kind for kind in ("RSA", "EC") if kind in name), name)

    def names_of(self, kind: str) -> list[str]:
        """The names of one kind: DNS, URI, EMAIL or IP."""
        return [text for each, text in self.names if each == kind]


class TlsFacts:
    """Of one connection whose handshake ended well, or got as far as that. `peer` is None without a certificate."""

    __slots__ = ("cipher", "peer", "protocol", "session_reused", "verified", "version")

    def __init__(self, connection: ssl.SSLObject, verified: bool) -> None:
        self.version = connection.version() or ""
        cipher = connection.cipher()
        self.cipher = cipher[0] if cipher else ""
        self.protocol = connection.selected_alpn_protocol() or ""
        self.session_reused = bool(connection.session_reused)
        der = connection.getpeercert(binary_form=True)
        self.peer = PeerCertificate(der) if der else None
        self.verified = verified and der is not None
