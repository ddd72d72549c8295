"""Which protocol a port speaks (Istio: pkg/config/kube/conversion.go): appProtocol, then the port's name, then AUTO."""

from tulle.model.port import Protocol

_BY_APP_PROTOCOL = {
    "kubernetes.io/h2c": Protocol.HTTP2,
    "kubernetes.io/ws": Protocol.HTTP,
    "kubernetes.io/wss": Protocol.HTTPS,
}
# Ports on which the server speaks first, so that sniffing would wait in vain.
_WELL_KNOWN = {25: Protocol.TCP, 3306: Protocol.TCP, 53: Protocol.TCP, 6379: Protocol.TCP, 27017: Protocol.TCP}


def protocol_of_word(word: str) -> Protocol:
    """The protocol by its name in any case; AUTO when there is none of that name."""
    try:
        return Protocol(word.lower())
    except ValueError:
        return Protocol.AUTO


def select_protocol(number: int, name: str, transport: str = "TCP", app_protocol: str | None = None) -> Protocol:
    """The protocol of a Kubernetes service port."""
    if transport == "UDP":
        return Protocol.UDP
    if app_protocol:
        return _BY_APP_PROTOCOL.get(app_protocol.lower()) or protocol_of_word(app_protocol)
    lowered = name.lower()
    if lowered.startswith("grpc-web"):
        return Protocol.GRPC_WEB
    found = protocol_of_word(lowered.partition("-")[0])
    if found is Protocol.AUTO and number in _WELL_KNOWN:
        return _WELL_KNOWN[number]
    return found
