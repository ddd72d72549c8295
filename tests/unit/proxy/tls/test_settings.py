"""From messages to settings."""

from typing import Any

import pytest
from google.protobuf import json_format

from tests.support.certificates import authority, identity
from tulle.foundation.errors import FieldProblem
from tulle.protos.messages import CommonTlsContext
from tulle.proxy.tls.contexts import DEFAULT_CIPHERS, Verify
from tulle.proxy.tls.settings import Settings, make_checked_context, read_settings

CA = {"trusted_ca": {"inline_string": authority().pem.decode()}}
SERVER = identity("server", "server.example.com")
CERTIFICATE = {
    "certificate_chain": {"inline_string": SERVER.chain_pem.decode()},
    "private_key": {"inline_string": SERVER.key_pem.decode()},
}
URI = {"san_type": "URI", "matcher": {"exact": "spiffe://td/a"}}


def read(server: bool = True, **given: Any) -> tuple[Settings, list[str]]:
    problems: list[FieldProblem] = []
    proto = json_format.ParseDict(given, CommonTlsContext())
    settings = read_settings(proto, server, problems)
    if not problems:
        make_checked_context(settings.recipe, problems)
    return settings, [problem.path for problem in problems]


@pytest.mark.parametrize(("server", "versions"), [(True, (3, 4)), (False, (3, 3))])
def test_defaults_are_envoys(server: bool, versions: tuple[int, int]) -> None:
    settings, problems = read(server)
    recipe = settings.recipe
    assert problems == []
    assert ((recipe.min_version, recipe.max_version), recipe.ciphers) == (versions, DEFAULT_CIPHERS)
    assert recipe.verify == Verify.NOTHING


def test_parameters_are_read() -> None:
    params = {
        "tls_minimum_protocol_version": "TLSv1_1",
        "tls_maximum_protocol_version": "TLSv1_2",
        "cipher_suites": ["[ECDHE-RSA-AES128-GCM-SHA256|ECDHE-RSA-CHACHA20-POLY1305]", "AES128-SHA"],
        "ecdh_curves": ["P-256"],
    }
    settings, problems = read(tls_params=params, alpn_protocols=["h2", "http/1.1"], tls_certificates=[CERTIFICATE])
    recipe = settings.recipe
    assert problems == []
    assert (recipe.min_version, recipe.max_version, recipe.curve) == (2, 3, "prime256v1")
    assert recipe.ciphers == "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-CHACHA20-POLY1305:AES128-SHA"
    assert (recipe.alpn, len(recipe.certificates)) == (("h2", "http/1.1"), 1)


def test_the_default_curves_need_not_be_set() -> None:
    assert read(tls_params={"ecdh_curves": ["X25519", "P-256"]})[0].recipe.curve == ""


@pytest.mark.parametrize(("server", "verify"), [(True, Verify.OPTIONAL), (False, Verify.REQUIRED)])
def test_a_trusted_ca_makes_certificates_be_verified(server: bool, verify: Verify) -> None:
    context = {**CA, "match_typed_subject_alt_names": [URI], "allow_expired_certificate": True}
    settings, problems = read(server, validation_context=context)
    assert problems == []
    assert (settings.recipe.verify, settings.recipe.allow_expired) == (verify, True)
    assert len(settings.verification.names) == 1


def test_hashes_are_read_with_and_without_colons() -> None:
    context = {
        "verify_certificate_hash": ["00" * 32, ":".join(["ab"] * 32)],
        "verify_certificate_spki": ["NvqYIYSbgK2vCJpQhObf77vv+bQWtc5ek5RIOwPiC9A="],
    }
    settings, problems = read(False, validation_context=context)
    assert problems == []
    assert settings.verification.hashes == {bytes(32), b"\xab" * 32}
    assert len(settings.verification.key_hashes) == 1
    assert settings.recipe.verify == Verify.NOTHING


def test_a_client_may_take_what_it_cannot_verify() -> None:
    context = {**CA, "trust_chain_verification": "ACCEPT_UNTRUSTED", "match_typed_subject_alt_names": [URI]}
    settings, problems = read(False, validation_context=context)
    assert problems == []
    assert (settings.recipe.verify, settings.verification.names) == (Verify.NOTHING, ())


VALIDATION = "common_tls_context.validation_context"
PARAMS = "common_tls_context.tls_params"


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"tls_certificates": [{}]}, "common_tls_context.tls_certificates[0]"),
        (
            {"tls_certificates": [CERTIFICATE, {**CERTIFICATE, "private_key": {"inline_string": "x"}}]},
            "common_tls_context.tls_certificates[1]",
        ),
        ({"alpn_protocols": [""]}, "common_tls_context.alpn_protocols"),
        (
            {"tls_params": {"tls_minimum_protocol_version": "TLSv1_3", "tls_maximum_protocol_version": "TLSv1_2"}},
            f"{PARAMS}.tls_minimum_protocol_version",
        ),
        ({"tls_params": {"cipher_suites": ["AES128-SHA", "NO-SUCH"]}}, f"{PARAMS}.cipher_suites[1]"),
        ({"tls_params": {"ecdh_curves": ["P-256", "P-384"]}}, f"{PARAMS}.ecdh_curves"),
        ({"validation_context": {"trusted_ca": {"inline_string": "x"}}}, f"{VALIDATION}.trusted_ca"),
        ({"validation_context": {**CA, "crl": {"inline_string": "x"}}}, f"{VALIDATION}.crl"),
        ({"validation_context": {"crl": {"inline_string": "x"}}}, f"{VALIDATION}.crl"),
        ({"validation_context": {"match_typed_subject_alt_names": [URI]}}, VALIDATION),
        ({"validation_context": {**CA, "system_root_certs": {}}}, f"{VALIDATION}.system_root_certs"),
        ({"validation_context": {"verify_certificate_hash": ["ab"]}}, f"{VALIDATION}.verify_certificate_hash[0]"),
        ({"validation_context": {**CA, "verify_certificate_spki": ["?"]}}, f"{VALIDATION}.verify_certificate_spki[0]"),
        ({"validation_context": {"verify_certificate_hash": ["00" * 32]}}, VALIDATION),
        (
            {"validation_context": {**CA, "trust_chain_verification": "ACCEPT_UNTRUSTED"}},
            f"{VALIDATION}.trust_chain_verification",
        ),
    ],
)
def test_what_is_wrong_is_named_by_its_path(given: dict[str, Any], path: str) -> None:
    assert path in read(**given)[1]
