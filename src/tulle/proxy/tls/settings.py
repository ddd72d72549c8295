"""From a CommonTlsContext to what both sides are made of."""

import base64
import binascii
import ssl
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from tulle.foundation.errors import FieldProblem
from tulle.protos.messages import CertificateValidationContext, CommonTlsContext, TlsParameters
from tulle.proxy.tls.contexts import DEFAULT_CIPHERS, BadMaterial, Certificate, Recipe, Verify, make_context
from tulle.proxy.tls.sources import read_source
from tulle.proxy.tls.subject_names import build_name_tests
from tulle.proxy.tls.verification import Verification

Problems = list[FieldProblem]

COMMON = "common_tls_context"
VALIDATION = f"{COMMON}.validation_context"
_PARAMS = f"{COMMON}.tls_params"
_CERTIFICATES = f"{COMMON}.tls_certificates"
_SHA256_BYTES = 32
# What both Envoy and OpenSSL use when nothing is said; OpenSSL knows a few more.
_DEFAULT_CURVES = (["X25519", "P-256"], ["X25519MLKEM768", "X25519", "P-256"])
_CURVES = {"X25519": "X25519", "P-256": "prime256v1", "P-384": "secp384r1", "P-521": "secp521r1"}


class Settings(NamedTuple):
    """What both sides have in common."""

    recipe: Recipe
    verification: Verification


def read_settings(proto: CommonTlsContext, server: bool, problems: Problems) -> Settings:
    """The settings of one side; `problems` gets everything that is wrong, with paths that begin at the context."""
    least, most = _read_versions(proto.tls_params, server, problems)
    recipe = Recipe(
        server=server,
        certificates=_read_certificates(proto, problems),
        min_version=least,
        max_version=most,
        ciphers=_read_ciphers(proto.tls_params, problems),
        curve=_read_curve(proto.tls_params, problems),
        alpn=tuple(proto.alpn_protocols),
    )
    if not all(0 < len(name.encode()) < 256 for name in recipe.alpn):
        problems.append(FieldProblem(f"{COMMON}.alpn_protocols", "a name must have 1 to 255 bytes"))
        recipe = recipe._replace(alpn=())
    if not proto.HasField("validation_context"):
        return Settings(recipe, Verification())
    return _with_validation(recipe, proto.validation_context, problems)


def make_checked_context(recipe: Recipe, problems: Problems) -> ssl.SSLContext | None:
    """The context of a recipe; None, and a problem at the field that is to blame, when OpenSSL refuses it."""
    try:
        return make_context(recipe)
    except BadMaterial as error:
        part, _, index = error.part.partition(" ")
        paths = {
            "certificate": f"{_CERTIFICATES}[{index}]",
            "ciphers": f"{_PARAMS}.cipher_suites",
            "curve": f"{_PARAMS}.ecdh_curves",
        }
        problems.append(FieldProblem(paths.get(part, f"{VALIDATION}.{part}"), str(error)))
        return None


def _read_certificates(proto: CommonTlsContext, problems: Problems) -> tuple[Certificate, ...]:
    found: list[Certificate] = []
    for index, each in enumerate(proto.tls_certificates):
        path = f"{_CERTIFICATES}[{index}]"
        if not each.HasField("certificate_chain") or not each.HasField("private_key"):
            problems.append(FieldProblem(path, "wants certificate_chain and private_key"))
            continue
        password = b""
        if each.HasField("password"):
            password = read_source(each.password, f"{path}.password", problems)
        chain = read_source(each.certificate_chain, f"{path}.certificate_chain", problems)
        key = read_source(each.private_key, f"{path}.private_key", problems)
        if chain and key:
            found.append(Certificate(chain, key, password))
    return tuple(found)


def _read_versions(proto: TlsParameters, server: bool, problems: Problems) -> tuple[int, int]:
    # Envoy: a client speaks TLS 1.2 only unless it is told otherwise.
    least = int(proto.tls_minimum_protocol_version) or TlsParameters.TLSv1_2
    most = int(proto.tls_maximum_protocol_version) or (TlsParameters.TLSv1_3 if server else TlsParameters.TLSv1_2)
    if least > most:
        text = "no version is left between the least and the most"
        problems.append(FieldProblem(f"{_PARAMS}.tls_minimum_protocol_version", text))
        return most, most
    return least, most


def _read_ciphers(proto: TlsParameters, problems: Problems) -> str:
    """OpenSSL's list: BoringSSL's groups of equals, `[A|B]`, become a plain order."""
    if not proto.cipher_suites:
        return DEFAULT_CIPHERS
    names: list[str] = []
    for index, text in enumerate(proto.cipher_suites):
        parts = text.replace("[", "").replace("]", "").replace("|", ":").split(":")
        rejected = [part for part in parts if not _is_cipher(part)]
        if rejected:
            text = f"OpenSSL knows nothing of {', '.join(rejected)}"
            problems.append(FieldProblem(f"{_PARAMS}.cipher_suites[{index}]", text))
        names += parts
    return ":".join(names) if not problems else DEFAULT_CIPHERS


@lru_cache(maxsize=256)
def _is_cipher(name: str) -> bool:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).set_ciphers(f"{name.lstrip('-!+')}:@SECLEVEL=0")
    except ssl.SSLError:
        return False
    return True


def _read_curve(proto: TlsParameters, problems: Problems) -> str:
    curves = list(proto.ecdh_curves)
    if not curves or curves in _DEFAULT_CURVES:
        return ""
    if len(curves) > 1 or curves[0] not in _CURVES:
        text = f"Python's ssl takes one of {', '.join(_CURVES)}, or the default list"
        problems.append(FieldProblem(f"{_PARAMS}.ecdh_curves", text))
        return ""
    return _CURVES[curves[0]]


def _with_validation(recipe: Recipe, proto: CertificateValidationContext, problems: Problems) -> Settings:
    trusted = proto.HasField("trusted_ca")
    recipe = recipe._replace(
        trusted_ca=read_source(proto.trusted_ca, f"{VALIDATION}.trusted_ca", problems) if trusted else b"",
        system_roots=proto.HasField("system_root_certs"),
        crl=read_source(proto.crl, f"{VALIDATION}.crl", problems) if proto.HasField("crl") else b"",
        crl_of_leaf_only=proto.only_verify_leaf_cert_crl,
        allow_expired=proto.allow_expired_certificate,
    )
    hashes = proto.verify_certificate_hash
    verification = Verification(
        _read_hashes(hashes, f"{VALIDATION}.verify_certificate_hash", _from_hexadecimal, problems),
        _read_hashes(proto.verify_certificate_spki, f"{VALIDATION}.verify_certificate_spki", _from_base64, problems),
        build_name_tests(proto, VALIDATION, problems),
    )
    anchored = bool(recipe.trusted_ca) or recipe.system_roots
    if trusted and recipe.system_roots:
        problems.append(FieldProblem(f"{VALIDATION}.system_root_certs", "must not stand beside trusted_ca"))
    if verification.names and not (anchored or trusted):
        text = "names of certificates that no trusted_ca stands for prove nothing"
        problems.append(FieldProblem(VALIDATION, text))
    if proto.crl.WhichOneof("specifier") and not (anchored or trusted):
        problems.append(FieldProblem(f"{VALIDATION}.crl", "wants trusted_ca"))
    if proto.trust_chain_verification == CertificateValidationContext.ACCEPT_UNTRUSTED:
        if recipe.server:
            text = "Python's ssl cannot take certificates that it does not verify"
            problems.append(FieldProblem(f"{VALIDATION}.trust_chain_verification", text))
        return Settings(recipe, Verification())
    if recipe.server and not (anchored or trusted) and (verification.hashes or verification.key_hashes):
        text = "Python's ssl cannot take certificates of clients that it does not verify: set trusted_ca"
        problems.append(FieldProblem(VALIDATION, text))
    verify = (Verify.OPTIONAL if recipe.server else Verify.REQUIRED) if anchored else Verify.NOTHING
    return Settings(recipe._replace(verify=verify), verification)


def _read_hashes(
    texts: "list[str] | object", path: str, decode: Callable[[str], bytes], problems: Problems
) -> frozenset[bytes]:
    found: set[bytes] = set()
    for index, text in enumerate(texts):  # type: ignore[var-annotated,arg-type]
        try:
            value = decode(text)
        except (ValueError, binascii.Error):
            value = b""
        if len(value) != _SHA256_BYTES:
            problems.append(FieldProblem(f"{path}[{index}]", "is no SHA-256"))
        else:
            found.add(value)
    return frozenset(found)


def _from_hexadecimal(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def _from_base64(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
