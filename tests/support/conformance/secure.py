"""TLS in the harness: the certificates that cases name, contexts in short form, and clients that say what they met."""

import atexit
import base64
import contextlib
import functools
import hashlib
import re
import shutil
import socket
import ssl
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.support.certificates import authority, identity

_TYPES = "type.googleapis.com/envoy.extensions.transport_sockets."
_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
# Names that cases may use: CN, then alternative names.
_IDENTITIES: dict[str, dict[str, Any]] = {
    "server": {"names": ("server.example.com", "127.0.0.1"), "rsa_key": True},
    "elliptic": {"names": ("elliptic.example.com", "*.wild.example.com")},
    "expired": {"names": ("server.example.com",), "days": -1},
    "client": {"names": ("spiffe://mesh/ns/a/sa/b", "client.example.com")},
    "stranger": {"names": ("spiffe://mesh/ns/a/sa/stranger",)},
    "foreign": {"names": ("spiffe://mesh/ns/a/sa/b",), "issuer": "other"},
}


@functools.cache
def certificates() -> Path:
    """A folder with NAME.pem and NAME.key of all, ca.pem and other.pem; it is gone when the run ends."""
    folder = Path(tempfile.mkdtemp(prefix="tulle-certificates-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "ca.pem").write_bytes(authority().pem)
    (folder / "other.pem").write_bytes(authority("other").pem)
    for name, given in _IDENTITIES.items():
        rest = dict(given)
        found = identity(name, *rest.pop("names"), **rest)
        found.save(folder, name)
    revoked = identity("client", *_IDENTITIES["client"]["names"])
    (folder / "revoked.pem").write_bytes(authority().revoke([revoked]))
    return folder


def lookup(kind: str, name: str) -> str | None:
    """The values of ${certs}, ${hash:NAME} and ${spki:NAME}."""
    if kind == "certs":
        return str(certificates())
    if kind not in ("hash", "spki"):
        return None
    found = x509.load_pem_x509_certificate((certificates() / f"{name}.pem").read_bytes())
    if kind == "hash":
        return hashlib.sha256(found.public_bytes(Encoding.DER)).hexdigest()
    key = found.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(key).digest()).decode()


def transport_socket(kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """A TLS context: `certificates`, `validation`, `params` and `alpn` are short for what stands in its common part."""
    rest = dict(given)
    common: dict[str, Any] = {
        "tls_certificates": [
            {"certificate_chain": _file(f"{name}.pem"), "private_key": _file(f"{name}.key")}
            for name in rest.pop("certificates", [])
        ]
    }
    if "validation" in rest:
        validation = rest.pop("validation")
        for field in ("trusted_ca", "crl"):
            if field in validation:
                validation[field] = _file(f"{validation[field]}.pem")
        common["validation_context"] = validation
    if "params" in rest:
        common["tls_params"] = rest.pop("params")
    if "alpn" in rest:
        common["alpn_protocols"] = rest.pop("alpn")
    config = {"@type": f"{_TYPES}tls.v3.{kind}", "common_tls_context": common, **rest}
    return {"name": "envoy.transport_sockets.tls", "typed_config": config}


def _file(name: str) -> dict[str, str]:
    return {"filename": f"${{certs}}/{name}"}


class Unsafe(Exception):
    """A handshake that failed; the text is what OpenSSL calls it."""


def secure(sock: socket.socket, given: Mapping[str, Any]) -> ssl.SSLSocket:
    """A client's side: `name` is asked for, `alpn` offered, `certificate` shown, `version` the only one spoken."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(certificates() / "ca.pem")
    if not given.get("verify", True):
        context.verify_mode = ssl.CERT_NONE
    if "version" in given:
        context.minimum_version = context.maximum_version = _VERSIONS[str(given["version"])]
    if "alpn" in given:
        context.set_alpn_protocols(given["alpn"])
    if "ciphers" in given:
        context.set_ciphers(given["ciphers"])
    if "certificate" in given:
        name = given["certificate"]
        context.load_cert_chain(certificates() / f"{name}.pem", certificates() / f"{name}.key")
    try:
        return context.wrap_socket(sock, server_hostname=given.get("name"))
    except (ssl.SSLError, ConnectionError) as error:
        sock.close()
        raise Unsafe(words(error)) from error


def words(error: OSError) -> str:
    """What is the same from run to run of an error."""
    reason = getattr(error, "reason", None)
    return f"tls: {reason}" if reason else "connection ended"


def describe(sock: ssl.SSLSocket) -> dict[str, Any]:
    """What was agreed, and who the server says that it is."""
    result: dict[str, Any] = {"version": sock.version()}
    if sock.selected_alpn_protocol():
        result["alpn"] = sock.selected_alpn_protocol()
    der = sock.getpeercert(binary_form=True)
    with contextlib.suppress(AttributeError):
        subject = x509.load_der_x509_certificate(der or b"").subject.rfc4514_string()
        result["server"] = re.sub(r"CN=([^,]*).*", r"\1", subject)
    return result
