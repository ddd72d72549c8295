"""Why TLS ended a connection, in Envoy's words, so that logs and dashboards made for it hold."""

import ssl
from typing import NamedTuple

# BoringSSL's numbers, as Envoy prints them: library 16 and one of these; an alert is 1000 and its number on the wire.
_LIBRARY = 16 << 24
_REASONS = {
    "BAD_PACKET_LENGTH": 112,
    "CERTIFICATE_VERIFY_FAILED": 125,
    "DECRYPTION_FAILED_OR_BAD_RECORD_MAC": 139,
    "HTTPS_PROXY_REQUEST": 155,
    "HTTP_REQUEST": 156,
    "NO_SHARED_CIPHER": 184,
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": 192,
    "TLSV1_ALERT_NO_RENEGOTIATION": 1100,
    "UNSUPPORTED_PROTOCOL": 240,
    "WRONG_VERSION_NUMBER": 247,
    "SSLV3_ALERT_CLOSE_NOTIFY": 1000,
    "SSLV3_ALERT_UNEXPECTED_MESSAGE": 1010,
    "SSLV3_ALERT_BAD_RECORD_MAC": 1020,
    "TLSV1_ALERT_DECRYPTION_FAILED": 1021,
    "TLSV1_ALERT_RECORD_OVERFLOW": 1022,
    "SSLV3_ALERT_DECOMPRESSION_FAILURE": 1030,
    "SSLV3_ALERT_HANDSHAKE_FAILURE": 1040,
    "SSLV3_ALERT_NO_CERTIFICATE": 1041,
    "SSLV3_ALERT_BAD_CERTIFICATE": 1042,
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": 1043,
    "SSLV3_ALERT_CERTIFICATE_REVOKED": 1044,
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": 1045,
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": 1046,
    "SSLV3_ALERT_ILLEGAL_PARAMETER": 1047,
    "TLSV1_ALERT_UNKNOWN_CA": 1048,
    "TLSV1_ALERT_ACCESS_DENIED": 1049,
    "TLSV1_ALERT_DECODE_ERROR": 1050,
    "TLSV1_ALERT_DECRYPT_ERROR": 1051,
    "TLSV1_ALERT_PROTOCOL_VERSION": 1070,
    "TLSV1_ALERT_INSUFFICIENT_SECURITY": 1071,
    "TLSV1_ALERT_INTERNAL_ERROR": 1080,
    "TLSV1_ALERT_USER_CANCELLED": 1090,
    "TLSV1_ALERT_UNSUPPORTED_EXTENSION": 1110,
    "TLSV1_ALERT_UNRECOGNIZED_NAME": 1112,
    "TLSV1_ALERT_BAD_CERTIFICATE_HASH_VALUE": 1114,
    "TLSV1_ALERT_CERTIFICATE_REQUIRED": 1116,
    "TLSV1_ALERT_NO_APPLICATION_PROTOCOL": 1120,
}
# Where OpenSSL's names differ from BoringSSL's.
_NAMES = {
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "TLSV1_ALERT_CERTIFICATE_REQUIRED",
    "TLSV1_BAD_CERTIFICATE_HASH_VALUE": "TLSV1_ALERT_BAD_CERTIFICATE_HASH_VALUE",
    "TLSV1_UNRECOGNIZED_NAME": "TLSV1_ALERT_UNRECOGNIZED_NAME",
    "TLSV1_UNSUPPORTED_EXTENSION": "TLSV1_ALERT_UNSUPPORTED_EXTENSION",
    "NO_SHARED_CIPHERS": "NO_SHARED_CIPHER",
}
# OpenSSL 3.2 and later say other words; X509_V_ERR_* numbers tell what is meant.
_VERIFY_WORDS = {
    9: "certificate is not yet valid",
    10: "certificate has expired",
    18: "self signed certificate",
    19: "self signed certificate in certificate chain",
    20: "unable to get local issuer certificate",
    21: "unable to verify the first certificate",
    23: "certificate revoked",
}
_SELF_SIGNED_IN_CHAIN = 19

VERIFY_ERROR = "fail_verify_error"
VERIFY_NO_CERT = "fail_verify_no_cert"
VERIFY_SAN = "fail_verify_san"
VERIFY_HASH = "fail_verify_cert_hash"
CONNECTION_ERROR = "connection_error"


class Failure(NamedTuple):
    """What is logged, and the counter of `SslStats` that counts it."""

    reason: str
    counter: str = CONNECTION_ERROR


def failure_of(error: ssl.SSLError) -> Failure:
    """What Envoy would have said in the place of OpenSSL."""
    if isinstance(error, ssl.SSLCertVerificationError):
        words = _VERIFY_WORDS.get(error.verify_code, str(error.verify_message))
        depth = 1 if error.verify_code == _SELF_SIGNED_IN_CHAIN else 0
        detail = f"X509_verify_cert: certificate verification error at depth {depth}: {words}"
        return unverified(detail, VERIFY_ERROR)
    reason = _NAMES.get(str(error.reason), str(error.reason))
    if reason == "PEER_DID_NOT_RETURN_A_CERTIFICATE":
        return Failure(_error(reason, "peer did not provide required client certificate"), VERIFY_NO_CERT)
    return Failure(_error(reason))


def unverified(detail: str, counter: str) -> Failure:
    """A certificate that is not what it should be."""
    return Failure(_error("CERTIFICATE_VERIFY_FAILED", f"verify cert failed: {detail}"), counter)


def lost(error: Exception | None) -> Failure:
    """The connection ended before the handshake did; that is counted as no error of TLS."""
    if isinstance(error, ConnectionResetError):
        return Failure("TLS_error:|33554536:system library:OPENSSL_internal:Connection reset by peer:TLS_error_end", "")
    return Failure("", "")


def _error(reason: str, detail: str = "") -> str:
    number = _REASONS.get(reason)
    code = f"{_LIBRARY + number}:" if number else ""
    return f"TLS_error:|{code}SSL routines:OPENSSL_internal:{reason}:{detail + ':' if detail else ''}TLS_error_end"
