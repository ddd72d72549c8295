"""Why TLS ended a connection, in Envoy's words: each text was seen in a log of Envoy 1.40."""

import ssl

import pytest

from tulle.proxy.tls.failures import Failure, failure_of, lost, unverified


def error(reason: str) -> ssl.SSLError:
    found = ssl.SSLError(1, "text")
    found.reason, found.library = reason, "SSL"
    return found


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("HTTP_REQUEST", "TLS_error:|268435612:SSL routines:OPENSSL_internal:HTTP_REQUEST:TLS_error_end"),
        ("NO_SHARED_CIPHER", "TLS_error:|268435640:SSL routines:OPENSSL_internal:NO_SHARED_CIPHER:TLS_error_end"),
        (
            "TLSV1_ALERT_UNKNOWN_CA",
            "TLS_error:|268436504:SSL routines:OPENSSL_internal:TLSV1_ALERT_UNKNOWN_CA:TLS_error_end",
        ),
        ("SOMETHING_ELSE", "TLS_error:|SSL routines:OPENSSL_internal:SOMETHING_ELSE:TLS_error_end"),
    ],
)
def test_errors_have_the_numbers_that_envoy_prints(reason: str, text: str) -> None:
    assert failure_of(error(reason)) == Failure(text, "connection_error")


def test_a_client_without_a_certificate_is_counted_apart() -> None:
    assert failure_of(error("PEER_DID_NOT_RETURN_A_CERTIFICATE")) == Failure(
        "TLS_error:|268435648:SSL routines:OPENSSL_internal:PEER_DID_NOT_RETURN_A_CERTIFICATE:"
        "peer did not provide required client certificate:TLS_error_end",
        "fail_verify_no_cert",
    )


def test_a_chain_that_does_not_hold_is_told_in_boringssls_words() -> None:
    found = ssl.SSLCertVerificationError(1, "text")
    found.reason, found.verify_code, found.verify_message = "CERTIFICATE_VERIFY_FAILED", 10, "whatever"
    assert failure_of(found) == Failure(
        "TLS_error:|268435581:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:verify cert failed: "
        "X509_verify_cert: certificate verification error at depth 0: certificate has expired:TLS_error_end",
        "fail_verify_error",
    )


def test_names_that_do_not_fit_are_listed() -> None:
    found = unverified("SAN matcher, certificate SANs are [a, b]", "fail_verify_san")
    assert found.reason.endswith(":verify cert failed: SAN matcher, certificate SANs are [a, b]:TLS_error_end")


def test_a_connection_that_was_lost_is_no_error_of_tls() -> None:
    assert lost(None) == Failure("", "")
    assert "Connection reset by peer" in lost(ConnectionResetError()).reason
