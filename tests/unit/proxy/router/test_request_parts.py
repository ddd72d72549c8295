"""Parts of requests."""

import pytest

from tulle.proxy.headers import Headers
from tulle.proxy.router.request_parts import cookie, path_of, query_parameters


@pytest.mark.parametrize(
    ("target", "path"),
    [(b"/a", b"/a"), (b"/a?b", b"/a"), (b"/a#b", b"/a"), (b"/a#b?c", b"/a"), (b"/a?b#c", b"/a"), (b"*", b"*")],
)
def test_a_path_ends_at_query_or_fragment(target: bytes, path: bytes) -> None:
    assert path_of(target) == path


def test_query_parameters_are_raw_and_the_first_of_a_name_counts() -> None:
    assert query_parameters(b"/?a=1&b&c=&a=2&d=%20=x") == {b"a": b"1", b"b": b"", b"c": b"", b"d": b"%20=x"}
    assert query_parameters(b"/") == {}


@pytest.mark.parametrize(
    ("line", "value"),
    [
        (b"k=v", b"v"),
        (b'k="v"', b"v"),
        (b"a=b;k=v", b"v"),
        (b"a; k=v;", b"v"),
        (b"k=v; k=w", b"v"),
        (b'k=""', b""),
        (b"k= v", b" v"),
        (b'k="v', b'"v'),
        (b"k", None),
        (b"k =v", None),
        (b"K=v", None),
    ],
)
def test_cookies_are_read_as_envoy_reads_them(line: bytes, value: bytes | None) -> None:
    assert cookie(Headers.of([(b"cookie", line)]), b"k") == value


def test_the_first_of_several_cookie_lines_wins() -> None:
    assert cookie(Headers.of([(b"cookie", b"a=1"), (b"cookie", b"k=1"), (b"cookie", b"k=2")]), b"k") == b"1"
    assert cookie(Headers(), b"k") is None
