"""Certificates for tests, made when they are asked for and never stored."""

import datetime
import functools
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

_DAY = datetime.timedelta(days=1)
_Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Identity:
    """A certificate with its key, and files of both."""

    certificate: x509.Certificate
    key: _Key

    @property
    def chain_pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    def locked_key_pem(self, password: bytes) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password))

    def save(self, folder: Path, name: str) -> None:
        """NAME.pem and NAME.key."""
        (folder / f"{name}.pem").write_bytes(self.chain_pem)
        (folder / f"{name}.key").write_bytes(self.key_pem)


class Authority:
    """A certificate authority of its own."""

    def __init__(self, name: str = "root") -> None:
        self.name = name
        self._key = ec.generate_private_key(ec.SECP256R1())
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        builder = _builder(name, name, self._key, 30).add_extension(x509.BasicConstraints(True, None), True)
        self.certificate = builder.add_extension(usage, True).sign(self._key, hashes.SHA256())

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    def issue(self, name: str, *names: str, rsa_key: bool = False, days: int = 30) -> Identity:
        """A certificate for a CN and alternative names: URIs, addresses, `a@b`, DNS; expired with negative days."""
        key: _Key = _rsa_key() if rsa_key else ec.generate_private_key(ec.SECP256R1())
        builder = _builder(name, self.name, key, days)
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName([_general_name(each) for each in names]), False)
        return Identity(builder.sign(self._key, hashes.SHA256()), key)

    def revoke(self, identities: Sequence[Identity]) -> bytes:
        """A list of revoked certificates, PEM."""
        now = datetime.datetime.now(datetime.UTC)
        builder = x509.CertificateRevocationListBuilder().issuer_name(_name(self.name))
        builder = builder.last_update(now - _DAY).next_update(now + _DAY)
        for each in identities:
            revoked = x509.RevokedCertificateBuilder().serial_number(each.certificate.serial_number)
            builder = builder.add_revoked_certificate(revoked.revocation_date(now - _DAY).build())
        return builder.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM)


_authority = functools.cache(Authority)


def authority(name: str = "root") -> Authority:
    """One for the whole run."""
    return _authority(name)


@functools.cache
def identity(name: str, *names: str, issuer: str = "root", rsa_key: bool = False, days: int = 30) -> Identity:
    """Likewise."""
    return authority(issuer).issue(name, *names, rsa_key=rsa_key, days=days)


@functools.cache
def _rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)  # one is enough: they are slow to make


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Tulle"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _builder(subject: str, issuer: str, key: _Key, days: int) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(_name(subject)).issuer_name(_name(issuer))
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    return builder.not_valid_before(now - 60 * _DAY).not_valid_after(now + days * _DAY)


def _general_name(text: str) -> x509.GeneralName:
    if "://" in text:
        return x509.UniformResourceIdentifier(text)
    if "@" in text:
        return x509.RFC822Name(text)
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)
