"""What is known of a connection when nobody said anything yet."""

from tulle.proxy.telemetry.connection_info import ConnectionInfo


def test_a_new_connection_is_plain_and_unknown() -> None:
    info = ConnectionInfo()
    assert (info.transport_protocol, info.application_protocols, info.tls) == ("raw_buffer", (), None)
    assert (info.remote, info.transport_failure, info.on_closed) == ("", "", None)
