"""The fields of TLS messages that the proxy honours; all others are rejected."""

_TLS = "envoy.extensions.transport_sockets.tls.v3."
_CORE = "envoy.config.core.v3."

SUPPORTED: dict[str, frozenset[str]] = {
    _CORE + "TransportSocket": frozenset({"name", "typed_config"}),
    _CORE + "DataSource": frozenset({"filename", "inline_bytes", "inline_string", "environment_variable"}),
    "envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer": frozenset(),
    _TLS + "DownstreamTlsContext": frozenset(
        {
            "common_tls_context",
            "require_client_certificate",
            "require_sni",
            "disable_stateless_session_resumption",
            "full_scan_certs_on_sni_mismatch",
            "prefer_client_ciphers",
        }
    ),
    _TLS + "UpstreamTlsContext": frozenset(
        {
            "common_tls_context",
            "sni",
            "auto_host_sni",
            "auto_sni_san_validation",
            "max_session_keys",  # only 0 and 1
        }
    ),
    _TLS + "CommonTlsContext": frozenset({"tls_params", "tls_certificates", "validation_context", "alpn_protocols"}),
    _TLS + "TlsParameters": frozenset(
        {"tls_minimum_protocol_version", "tls_maximum_protocol_version", "cipher_suites", "ecdh_curves"}
    ),
    _TLS + "TlsCertificate": frozenset({"certificate_chain", "private_key", "password"}),
    _TLS + "CertificateValidationContext": frozenset(
        {
            "trusted_ca",
            "system_root_certs",
            "verify_certificate_spki",
            "verify_certificate_hash",
            "match_typed_subject_alt_names",
            "match_subject_alt_names",
            "crl",
            "only_verify_leaf_cert_crl",
            "allow_expired_certificate",
            "trust_chain_verification",
            "suppress_client_ca_list",  # no list is ever sent
        }
    ),
    _TLS + "CertificateValidationContext.SystemRootCerts": frozenset(),
    _TLS + "SubjectAltNameMatcher": frozenset({"san_type", "matcher"}),
    "envoy.type.matcher.v3.StringMatcher": frozenset(
        {"exact", "prefix", "suffix", "contains", "safe_regex", "ignore_case"}
    ),
    "envoy.type.matcher.v3.RegexMatcher": frozenset({"google_re2", "regex"}),
    "envoy.type.matcher.v3.RegexMatcher.GoogleRE2": frozenset({"max_program_size"}),
}
