"""OpenSSL's contexts, judged by the handshakes that they make."""

import ssl

import pytest

from tests.support.certificates import authority, identity
from tests.support.tls_peers import Conversation, recipe
from tulle.proxy.tls.contexts import BadMaterial, Certificate, Recipe, Verify, make_context


def handshake(ours: Recipe, theirs: Recipe) -> Conversation:
    conversation = Conversation(ours, theirs, name="server.example.com")
    conversation.pump()
    return conversation


def reason(conversation: Conversation) -> str:
    return conversation.owner.failures[0].reason if conversation.owner.failures else ""


def certificate(name: str, *names: str, issuer: str = "root", days: int = 30) -> Certificate:
    found = identity(name, *names, issuer=issuer, days=days)
    return Certificate(found.chain_pem, found.key_pem)


CLIENT = Recipe(False, trusted_ca=authority().pem, verify=Verify.REQUIRED)


def test_equal_recipes_share_a_context() -> None:
    assert make_context(recipe(True)) is make_context(recipe(True))
    assert make_context(recipe(True)) is not make_context(recipe(True, variant=("other",)))


@pytest.mark.parametrize(
    ("server", "client", "version"),
    [((3, 4), (3, 4), "TLSv1.3"), ((3, 4), (3, 3), "TLSv1.2"), ((3, 3), (3, 4), "TLSv1.2"), ((1, 4), (1, 1), "TLSv1")],
)
def test_the_highest_common_version_is_spoken(server: tuple[int, int], client: tuple[int, int], version: str) -> None:
    ours = recipe(True, min_version=server[0], max_version=server[1], ciphers="DEFAULT")
    theirs = recipe(False, min_version=client[0], max_version=client[1], ciphers="DEFAULT")
    assert handshake(ours, theirs).tls.connection.version() == version


def test_versions_without_a_common_one_fail() -> None:
    assert "UNSUPPORTED_PROTOCOL" in reason(handshake(recipe(True, min_version=4), recipe(False, max_version=3)))


def test_the_servers_first_protocol_that_the_client_speaks_is_chosen() -> None:
    ours, theirs = recipe(True, alpn=("h2", "http/1.1")), recipe(False, alpn=("http/1.1", "h2"))
    assert handshake(ours, theirs).tls.connection.selected_alpn_protocol() == "h2"
    strangers = handshake(ours, recipe(False, alpn=("spdy",)))
    assert strangers.owner.notes == ["opened"]
    assert strangers.tls.connection.selected_alpn_protocol() is None


def test_the_curve_and_the_cipher_are_those_of_the_recipe() -> None:
    ours = recipe(True, max_version=3, ciphers="ECDHE-ECDSA-AES256-GCM-SHA384", curve="secp384r1")
    cipher = handshake(ours, recipe(False)).tls.connection.cipher()
    assert cipher is not None
    assert cipher[0] == "ECDHE-ECDSA-AES256-GCM-SHA384"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, ""),
        ({"trusted_ca": authority("other").pem}, "unable to get local issuer certificate"),
        ({"trusted_ca": identity("server", "server.example.com").chain_pem}, ""),
    ],
    ids=["trusted", "another CA", "the certificate itself"],
)
def test_a_chain_must_end_in_something_trusted(changes: dict[str, bytes], words: str) -> None:
    found = reason(handshake(CLIENT._replace(**changes), recipe(True)))
    assert words in found
    assert bool(words) == bool(found)


def test_an_expired_certificate_is_taken_only_when_that_is_allowed() -> None:
    server = Recipe(True, (certificate("old", "server.example.com", days=-1),))
    assert "certificate has expired" in reason(handshake(CLIENT, server))
    assert reason(handshake(CLIENT._replace(allow_expired=True), server)) == ""


def test_a_revoked_certificate_is_refused() -> None:
    good, bad = identity("good", "server.example.com"), identity("bad", "server.example.com")
    client = CLIENT._replace(crl=authority().revoke([bad]), crl_of_leaf_only=True)
    for found, words in ((good, ""), (bad, "certificate revoked")):
        answer = reason(handshake(client, Recipe(True, (Certificate(found.chain_pem, found.key_pem),))))
        assert words in answer
        assert bool(words) == bool(answer)


@pytest.mark.parametrize(
    ("verify", "client", "words"),
    [
        (Verify.OPTIONAL, (), ""),
        (Verify.OPTIONAL, (certificate("client", issuer="other"),), "unable to get local issuer"),
        (Verify.REQUIRED, (), "PEER_DID_NOT_RETURN_A_CERTIFICATE"),
        (Verify.REQUIRED, (certificate("client"),), ""),
    ],
)
def test_clients_must_show_what_the_server_asks_for(
    verify: Verify, client: tuple[Certificate, ...], words: str
) -> None:
    server = recipe(True, trusted_ca=authority().pem, verify=verify)
    found = reason(handshake(server, CLIENT._replace(certificates=client)))
    assert words in found
    assert bool(words) == bool(found)


def test_a_key_may_have_a_password() -> None:
    found = identity("locked", "server.example.com")
    locked = found.locked_key_pem(b"sesame")
    assert make_context(Recipe(True, (Certificate(found.chain_pem, locked, b"sesame"),)))
    with pytest.raises(BadMaterial):
        make_context(Recipe(True, (Certificate(found.chain_pem, locked),)))


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"certificates": (certificate("a"), Certificate(b"no", b"pem"))}, "certificate 1"),
        ({"certificates": (Certificate(identity("a").chain_pem, identity("b").key_pem),)}, "certificate 0"),
        ({"trusted_ca": b"no pem"}, "trusted_ca"),
        ({"crl": b"no pem"}, "crl"),
        ({"ciphers": "NONSENSE"}, "ciphers"),
        ({"curve": "nonsense"}, "curve"),
    ],
)
def test_what_openssl_does_not_take_is_named(changes: dict[str, object], part: str) -> None:
    with pytest.raises(BadMaterial) as caught:
        make_context(Recipe(True)._replace(**changes))  # type: ignore[arg-type]
    assert caught.value.part == part


def test_roots_of_the_system_can_be_trusted_and_tickets_withheld() -> None:
    assert make_context(Recipe(False, system_roots=True, verify=Verify.REQUIRED)).verify_mode == ssl.CERT_REQUIRED
    assert make_context(recipe(True, tickets=False)).num_tickets == 0
    assert not make_context(recipe(True, client_chooses_cipher=True)).options & ssl.OP_CIPHER_SERVER_PREFERENCE
