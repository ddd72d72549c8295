"""Socket addresses as text."""

import pytest

from tulle.proxy.network.addresses import ip_name, name_of


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (("127.0.0.1", 80), ("127.0.0.1:80", "127.0.0.1", 80)),
        (("::1", 80, 0, 0), ("[::1]:80", "::1", 80)),
        (("::ffff:10.0.0.1", 80, 0, 0), ("10.0.0.1:80", "10.0.0.1", 80)),
        ("/run/socket", ("/run/socket", "", 0)),
        ("\0abstract", ("@abstract", "", 0)),
        (b"\0abstract", ("@abstract", "", 0)),
        ("", ("", "", 0)),
        (None, ("", "", 0)),
    ],
)
def test_an_address_reads_as_envoy_prints_it(address: object, expected: tuple[str, str, int]) -> None:
    assert name_of(address) == expected


def test_an_ipv6_address_stands_in_brackets() -> None:
    assert ip_name("2001:db8::1", 443).text == "[2001:db8::1]:443"
