"""Which certificate a client gets."""

import ssl
from typing import Any

import pytest

from tests.support.certificates import identity
from tests.support.tls_peers import Conversation, recipe
from tulle.proxy.telemetry.tls_facts import PeerCertificate
from tulle.proxy.tls.certificate_choice import CertificateChoice
from tulle.proxy.tls.contexts import Certificate, Recipe, make_context


def certificate(name: str, *names: str, rsa_key: bool = False) -> Certificate:
    found = identity(name, *names, rsa_key=rsa_key)
    return Certificate(found.chain_pem, found.key_pem)


CERTIFICATES = (
    certificate("first", "first.org", rsa_key=True),
    certificate("wild", "*.example.com"),
    certificate("one", "one.example.com"),
    certificate("old.org"),
    certificate("old-rsa", "old.org", rsa_key=True),
)


def shown(name: str | None, client: dict[str, Any] | None = None, **options: bool) -> str:
    """The CN that a client gets to see, or why it does not."""
    choice = CertificateChoice(Recipe(True, CERTIFICATES, max_version=3), **options)
    context = choice.build(make_context)
    assert context is not None
    conversation = Conversation(recipe(False, max_version=3, **(client or {})), recipe(True), name=name)
    conversation.peer = type(conversation.peer)(context, True, None)
    conversation.pump()
    if conversation.owner.failures:
        return conversation.owner.failures[0].reason
    der = conversation.tls.connection.getpeercert(binary_form=True)
    assert der is not None
    return PeerCertificate(der).common_name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("one.example.com", "one"),
        ("ONE.example.com", "wild"),
        ("two.example.com", "wild"),
        ("a.two.example.com", "first"),
        ("x.org", "first"),
        (None, "wild"),
        ("old.org", "old.org"),
    ],
)
def test_a_name_leads_to_its_certificate(name: str | None, expected: str) -> None:
    assert shown(name) == expected


def test_a_client_without_ecdsa_gets_the_rsa_certificate_of_its_name() -> None:
    rsa_only = {"ciphers": "ECDHE-RSA-AES128-GCM-SHA256"}
    assert shown("old.org", rsa_only) == "old-rsa"
    assert shown("one.example.com", rsa_only).startswith("TLS_error")


def test_a_full_scan_finds_what_a_stranger_can_use() -> None:
    assert shown("x.org", {"ciphers": "ECDHE-ECDSA-AES128-GCM-SHA256"}, full_scan=True) == "wild"


def test_a_client_without_a_name_is_refused_when_one_is_required() -> None:
    assert "SSLV3_ALERT_HANDSHAKE_FAILURE" in shown(None, require_name=True)
    assert shown("first.org", require_name=True) == "first"


def test_one_certificate_needs_no_choice() -> None:
    found = CertificateChoice(recipe(True)).build(make_context)
    assert found is make_context(recipe(True))
    assert isinstance(found, ssl.SSLContext)
    assert found.sni_callback is None


def test_nothing_is_chosen_from_what_cannot_be_made() -> None:
    assert CertificateChoice(recipe(True)).build(lambda each: None) is None
