"""Gateway: where traffic enters or leaves the mesh (Istio networking/v1)."""

from typing import Literal

from tulle.api.struct import Fields


class Port(Fields, frozen=True, kw_only=True):
    """A port and what is spoken on it."""

    number: int
    protocol: str = ""
    name: str = ""
    target_port: int = 0


class ServerTLSSettings(Fields, frozen=True, kw_only=True):
    """TLS towards clients."""

    https_redirect: bool = False
    mode: Literal["PASSTHROUGH", "SIMPLE", "MUTUAL", "AUTO_PASSTHROUGH", "ISTIO_MUTUAL", "OPTIONAL_MUTUAL"] = (
        "PASSTHROUGH"
    )
    server_certificate: str = ""
    private_key: str = ""
    ca_certificates: str = ""
    ca_crl: str = ""
    credential_name: str = ""
    credential_names: tuple[str, ...] = ()
    ca_cert_credential_name: str = ""
    tls_certificates: tuple[dict[str, str], ...] = ()
    subject_alt_names: tuple[str, ...] = ()
    verify_certificate_spki: tuple[str, ...] = ()
    verify_certificate_hash: tuple[str, ...] = ()
    min_protocol_version: Literal["TLS_AUTO", "TLSV1_0", "TLSV1_1", "TLSV1_2", "TLSV1_3"] = "TLS_AUTO"
    max_protocol_version: Literal["TLS_AUTO", "TLSV1_0", "TLSV1_1", "TLSV1_2", "TLSV1_3"] = "TLS_AUTO"
    cipher_suites: tuple[str, ...] = ()


class Server(Fields, frozen=True, kw_only=True):
    """A port of the gateway and the hosts that it serves."""

    port: Port
    hosts: tuple[str, ...]
    bind: str = ""
    tls: ServerTLSSettings | None = None
    default_endpoint: str = ""
    name: str = ""


class Gateway(Fields, frozen=True, kw_only=True):
    """Servers for the proxies that a selector picks."""

    servers: tuple[Server, ...] = ()
    selector: dict[str, str] = {}
