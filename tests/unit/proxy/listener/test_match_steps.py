"""The steps of filter chain matching, one by one."""

from ipaddress import ip_network

import pytest

from tulle.proxy.listener.match_steps import ANY, DestinationIp, Leaf, ServerName, SourcePort, is_local
from tulle.proxy.telemetry.connection_info import ConnectionInfo


def _info(**facts: object) -> ConnectionInfo:
    info = ConnectionInfo()
    for name, value in facts.items():
        setattr(info, name, value)
    return info


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("www.example.com", "exact"),
        ("api.example.com", "example"),
        ("a.b.example.com", "example"),
        ("example.com", "com"),
        ("com", "open"),
        ("example.org", "open"),
        ("", "open"),
    ],
)
def test_the_longest_server_name_wins(name: str, found: str) -> None:
    step = ServerName(
        {
            "www.example.com": Leaf("exact"),
            ".example.com": Leaf("example"),
            ".com": Leaf("com"),
            ANY: Leaf("open"),
        }
    )
    assert step.find(_info(requested_server_name=name)) == found


@pytest.mark.parametrize(
    ("local", "found"),
    [
        ("10.1.2.3:80", "long"),
        ("10.9.2.3:80", "short"),
        ("11.0.0.1:80", None),
        ("[2001:db8::1]:80", "six"),
        ("/run/socket", None),
    ],
)
def test_the_longest_prefix_wins(local: str, found: str | None) -> None:
    step = DestinationIp(
        {
            ip_network("10.0.0.0/8"): Leaf("short"),
            ip_network("10.1.0.0/16"): Leaf("long"),
            ip_network("2001:db8::/32"): Leaf("six"),
        }
    )
    assert step.find(_info(local=local)) == found


def test_a_unix_socket_counts_as_the_address_zero() -> None:
    step = DestinationIp({ip_network("0.0.0.0/0"): Leaf("all")})
    assert step.find(_info(local="/run/socket")) == "all"


def test_a_source_port_is_that_of_the_peer() -> None:
    step = SourcePort({5000: Leaf("found")})
    assert step.find(_info(remote="[::1]:5000", remote_ip="::1")) == "found"
    assert step.find(_info(remote="/run/a:5000", remote_ip="")) is None


@pytest.mark.parametrize(
    ("remote_ip", "local", "local_one"),
    [
        ("127.0.0.1", "10.0.0.1:80", True),
        ("127.0.0.2", "10.0.0.1:80", False),
        ("::1", "[fe80::1]:80", True),
        ("10.0.0.1", "10.0.0.1:80", True),
        ("10.0.0.2", "10.0.0.1:80", False),
        ("", "/run/socket", True),
    ],
)
def test_local_is_the_same_address_or_loopback(remote_ip: str, local: str, local_one: bool) -> None:
    assert is_local(_info(remote_ip=remote_ip, local=local)) is local_one
