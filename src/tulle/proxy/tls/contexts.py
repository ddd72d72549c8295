"""From settings to OpenSSL's contexts; equal settings share one, as a mesh has thousands of clusters with the same."""

import os
import ssl
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

_NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME
_TLS_1_2 = 3
_VERSIONS = (
    ssl.TLSVersion.TLSv1_2,  # stands for TLS_AUTO, which is resolved before
    ssl.TLSVersion.TLSv1,
    ssl.TLSVersion.TLSv1_1,
    ssl.TLSVersion.TLSv1_2,
    ssl.TLSVersion.TLSv1_3,
)
# Envoy: ContextConfigImpl, DEFAULT_CIPHER_SUITES
DEFAULT_CIPHERS = (
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:"
    "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-CHACHA20-POLY1305:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384"
)


class Verify(IntEnum):
    """What is asked of the peer's certificate."""

    NOTHING = ssl.CERT_NONE
    OPTIONAL = ssl.CERT_OPTIONAL
    REQUIRED = ssl.CERT_REQUIRED


class Certificate(NamedTuple):
    """Our own: PEM, with the key's password if it has one."""

    chain: bytes
    key: bytes
    password: bytes = b""


class Recipe(NamedTuple):
    """Everything that makes a context. Versions count from 1 (TLS 1.0) to 4, as in Envoy's API."""

    server: bool
    certificates: tuple[Certificate, ...] = ()
    trusted_ca: bytes = b""
    system_roots: bool = False
    crl: bytes = b""
    crl_of_leaf_only: bool = False
    allow_expired: bool = False
    verify: Verify = Verify.NOTHING
    min_version: int = 3
    max_version: int = 4
    ciphers: str = DEFAULT_CIPHERS
    curve: str = ""
    alpn: tuple[str, ...] = ()
    tickets: bool = True
    client_chooses_cipher: bool = False
    variant: tuple[object, ...] = ()  # keeps apart what else would be equal, for a context that is given a callback


class BadMaterial(ValueError):
    """Something that OpenSSL does not take.

    `part` says what: `certificate 0` (its place in the recipe), `trusted_ca`, `crl`, `ciphers` or `curve`.
    """

    def __init__(self, part: str, message: str) -> None:
        super().__init__(message)
        self.part = part


@lru_cache(maxsize=256)
def make_context(recipe: Recipe) -> ssl.SSLContext:
    """The context of a recipe; BadMaterial when OpenSSL refuses a part of it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if recipe.server else ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # names are compared by our own rules
    with warnings.catch_warnings():
        # Whoever asks for TLS 1.0 knows what they do.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = _VERSIONS[recipe.min_version]
        context.maximum_version = _VERSIONS[recipe.max_version]
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    if recipe.client_chooses_cipher:
        context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    if not recipe.tickets:
        context.options |= ssl.OP_NO_TICKET
        context.num_tickets = 0
    _set_ciphers(context, recipe)
    for index, certificate in enumerate(recipe.certificates):
        _load_certificate(context, certificate, f"certificate {index}")
    _set_verification(context, recipe)
    if recipe.alpn:
        context.set_alpn_protocols(list(recipe.alpn))
    return context


def _set_ciphers(context: ssl.SSLContext, recipe: Recipe) -> None:
    # OpenSSL has the versions before 1.2 at its lowest level of security only.
    level = ":@SECLEVEL=0" if recipe.min_version < _TLS_1_2 else ""
    with _blaming("ciphers"):
        context.set_ciphers(recipe.ciphers + level)
    if recipe.curve:
        with _blaming("curve"):
            context.set_ecdh_curve(recipe.curve)


def _load_certificate(context: ssl.SSLContext, certificate: Certificate, part: str) -> None:
    # Without a password OpenSSL would ask for one on the terminal.
    with _blaming(part), _file(certificate.chain) as chain, _file(certificate.key) as key:
        context.load_cert_chain(chain, key, certificate.password)


def _set_verification(context: ssl.SSLContext, recipe: Recipe) -> None:
    context.verify_mode = ssl.VerifyMode(recipe.verify)
    # Envoy: any certificate of the trusted ones ends a chain, roots or not.
    flags = int(context.verify_flags) | ssl.VERIFY_X509_PARTIAL_CHAIN
    if recipe.allow_expired:
        flags |= _NO_CHECK_TIME
    if recipe.trusted_ca:
        with _blaming("trusted_ca"), _file(recipe.trusted_ca) as path:
            context.load_verify_locations(path)
    if recipe.system_roots:
        context.load_default_certs(ssl.Purpose.CLIENT_AUTH if recipe.server else ssl.Purpose.SERVER_AUTH)
    if recipe.crl:
        flags |= ssl.VERIFY_CRL_CHECK_LEAF if recipe.crl_of_leaf_only else ssl.VERIFY_CRL_CHECK_CHAIN
        with _blaming("crl"), _file(recipe.crl) as path:
            context.load_verify_locations(path)
    context.verify_flags = flags  # OpenSSL knows more flags than Python has names for


@contextmanager
def _file(data: bytes) -> Iterator[str]:
    """A path for what `ssl` reads from files only; the bytes never reach a disk."""
    descriptor = os.memfd_create("tls")
    try:
        with os.fdopen(descriptor, "wb", closefd=False) as file:
            file.write(data)
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


@contextmanager
def _blaming(part: str) -> Iterator[None]:
    try:
        yield
    except ssl.SSLError as error:
        raise BadMaterial(part, _words(error)) from error
    except ValueError as error:
        raise BadMaterial(part, str(error)) from error


def _words(error: ssl.SSLError) -> str:
    reason = getattr(error, "reason", None)  # which Python does not always set
    if reason == "KEY_VALUES_MISMATCH":
        return "the certificate and the private key do not belong together"
    if reason:
        return str(reason).replace("_", " ").lower()
    return "is no PEM that OpenSSL can read" if "PEM" in str(error) else str(error)
