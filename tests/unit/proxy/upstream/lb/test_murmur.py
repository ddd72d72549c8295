"""MurmurHash2."""

import pytest

from tulle.proxy.upstream.lb.murmur import murmur_hash2


@pytest.mark.parametrize(
    ("text", "value"),
    [  # Envoy: murmur_hash_test.cc
        (b"foo", 9631199822919835226),
        (b"bar", 11474628671133349555),
        (b"foo\nbar", 16306510975912980159),
        (b"lyft", 12847078931730529320),
        (b"", 6142509188972423790),
    ],
)
def test_a_text_has_the_hash_that_envoy_gives_it(text: bytes, value: int) -> None:
    assert murmur_hash2(text) == value
