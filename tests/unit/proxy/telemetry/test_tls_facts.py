"""What a connection's TLS tells."""

import hashlib

from tests.support.certificates import authority, identity
from tests.support.tls_peers import Conversation, recipe
from tulle.proxy.telemetry.tls_facts import PeerCertificate, TlsFacts


def test_a_certificate_is_told_in_envoys_words() -> None:
    found = identity("client", "spiffe://td/ns/a/sa/b", "client.example.com", "10.0.0.1", "::1", "me@example.com")
    peer = PeerCertificate(found.der)
    assert (peer.subject, peer.issuer) == ("CN=client,O=Tulle", "CN=root,O=Tulle")
    assert peer.fingerprint_256 == hashlib.sha256(found.der).hexdigest()
    assert int(peer.serial, 16) == found.certificate.serial_number
    assert len(peer.serial) % 2 == 0
    assert peer.names == (
        ("URI", "spiffe://td/ns/a/sa/b"),
        ("DNS", "client.example.com"),
        ("IP", "10.0.0.1"),
        ("IP", "::1"),
        ("EMAIL", "me@example.com"),
    )
    assert peer.names_of("DNS") == ["client.example.com"]
    assert (peer.common_name, peer.key_kind) == ("client", "EC")
    assert peer.pem.encode() == found.chain_pem


def test_a_certificate_without_names_has_none() -> None:
    peer = PeerCertificate(identity("plain", rsa_key=True).der)
    assert (peer.names, peer.key_kind) == ((), "RSA")


def test_the_facts_are_those_of_the_handshake() -> None:
    conversation = Conversation(recipe(False, alpn=("h2",)), recipe(True, alpn=("h2", "http/1.1")), name="x.org")
    conversation.pump()
    facts = TlsFacts(conversation.tls.connection, True)
    assert (facts.version, facts.protocol, facts.session_reused, facts.verified) == ("TLSv1.3", "h2", False, True)
    assert facts.cipher.startswith("TLS_AES")
    assert facts.peer is not None
    assert facts.peer.subject == "CN=server,O=Tulle"


def test_a_client_without_a_certificate_is_nobody() -> None:
    conversation = Conversation(recipe(True), recipe(False))
    conversation.pump()
    facts = TlsFacts(conversation.tls.connection, True)
    assert (facts.peer, facts.verified) == (None, False)
    assert authority("root") is authority()
