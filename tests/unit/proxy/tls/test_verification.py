"""What a peer's certificate must be beyond its chain."""

import hashlib

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.support.certificates import authority, identity
from tests.support.tls_peers import Conversation, recipe
from tulle.proxy.tls.contexts import Certificate, Recipe, Verify
from tulle.proxy.tls.subject_names import dns_name_test
from tulle.proxy.tls.verification import Verification

SERVER = identity("server", "server.example.com", "spiffe://td/a", "127.0.0.1")
HASH = hashlib.sha256(SERVER.der).digest()
KEY_HASH = hashlib.sha256(
    SERVER.certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
).digest()
OTHER = bytes(32)
GOOD_NAME, BAD_NAME = dns_name_test("server.example.com"), dns_name_test("x.org")


def judged(verification: Verification, verify: Verify = Verify.REQUIRED, names: tuple = ()) -> str:  # type: ignore[type-arg]
    client = Recipe(False, trusted_ca=authority().pem, verify=verify)
    conversation = Conversation(client, Recipe(True, (Certificate(SERVER.chain_pem, SERVER.key_pem),)))
    conversation.pump()
    failure = verification.judge(conversation.tls.connection, names)
    return "" if failure is None else f"{failure.counter}: {failure.reason}"


@pytest.mark.parametrize("verify", [Verify.REQUIRED, Verify.NOTHING])
@pytest.mark.parametrize(
    ("verification", "words"),
    [
        (Verification(), ""),
        (Verification(frozenset({HASH})), ""),
        (Verification(frozenset({OTHER, HASH})), ""),
        (Verification(frozenset({OTHER})), "fail_verify_cert_hash"),
        (Verification(key_hashes=frozenset({KEY_HASH})), ""),
        (Verification(frozenset({OTHER}), frozenset({KEY_HASH})), ""),
        (Verification(key_hashes=frozenset({OTHER})), "verify cert failed: cert hash and spki:"),
        (Verification(names=(GOOD_NAME,)), ""),
        (Verification(names=(BAD_NAME, GOOD_NAME)), ""),
        (Verification(frozenset({OTHER}), names=(BAD_NAME,)), "fail_verify_san"),
        (Verification(names=(BAD_NAME,)), "SANs are [server.example.com, spiffe://td/a, 127.0.0.1]:TLS_error_end"),
    ],
)
def test_one_of_the_hashes_and_one_of_the_names_must_fit(
    verification: Verification, words: str, verify: Verify
) -> None:
    found = judged(verification, verify)
    assert words in found
    assert bool(words) == bool(found)


def test_names_of_the_moment_stand_in_place_of_the_usual_ones() -> None:
    assert judged(Verification(names=(BAD_NAME,)), names=(GOOD_NAME,)) == ""


def test_names_are_read_where_openssl_verified_the_certificate_too() -> None:
    found = identity("dns", "server.example.com", "a@b")
    conversation = Conversation(recipe(False), Recipe(True, (Certificate(found.chain_pem, found.key_pem),)))
    conversation.pump()
    failure = Verification(names=(BAD_NAME,)).judge(conversation.tls.connection)
    assert failure is not None
    assert "[server.example.com, a@b]" in failure.reason


def test_a_client_that_need_not_show_a_certificate_is_not_judged() -> None:
    conversation = Conversation(recipe(True), recipe(False))
    conversation.pump()
    assert Verification(names=(BAD_NAME,)).judge(conversation.tls.connection) is None
