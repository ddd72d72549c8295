"""Canonical paths."""

from typing import Any

import pytest

from tulle.protos.messages import HttpConnectionManager
from tulle.protos.reading import parse_message
from tulle.proxy.http.paths import canonical_path, normalize
from tulle.proxy.http.settings import ManagerSettings


def settings(**fields: Any) -> ManagerSettings:
    return ManagerSettings(parse_message(HttpConnectionManager, {"stat_prefix": "t", **fields}))


@pytest.mark.parametrize(
    ("path", "becomes"),
    [
        (b"/", b"/"),
        (b"/a/b", b"/a/b"),
        (b"/a/./b", b"/a/b"),
        (b"/a/../b", b"/b"),
        (b"/../../a", b"/a"),
        (b"/a/..", b"/"),
        (b"/a/.", b"/a/"),
        (b"/a/b/..", b"/a/"),
        (b"/.a/..b", b"/.a/..b"),
        (b"\\a\\..\\b", b"/b"),
        (b"/%61%2D%7e", b"/a-~"),
        (b"/%2e%2E/a", b"/a"),
        (b"/a%2fb", b"/a%2fb"),
        (b"/a%20b", b"/a%20b"),
        (b"/a%zz", b"/a%zz"),
        (b"/a//b", b"/a//b"),
    ],
)
def test_a_path_is_normalized(path: bytes, becomes: bytes) -> None:
    assert normalize(path) == becomes
    assert normalize(becomes) == becomes


def test_a_path_with_a_zero_byte_has_no_normal_form() -> None:
    assert normalize(b"/a%00b") is None


def test_a_fragment_is_always_refused() -> None:
    assert canonical_path(b"/a#b", settings()).path is None


def test_a_query_is_left_alone() -> None:
    found = canonical_path(b"/a/../b?c=/../d//e%2F", settings(normalize_path=True, merge_slashes=True))
    assert found.path == b"/b?c=/../d//e%2F"


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("IMPLEMENTATION_SPECIFIC_DEFAULT", (b"/a%2Fb%5cc", False)),
        ("KEEP_UNCHANGED", (b"/a%2Fb%5cc", False)),
        ("REJECT_REQUEST", (None, False)),
        ("UNESCAPE_AND_REDIRECT", (b"/a/b\\c", True)),
        ("UNESCAPE_AND_FORWARD", (b"/a/b\\c", False)),
    ],
)
def test_escaped_slashes_are_treated_as_configured(action: str, expected: tuple[bytes | None, bool]) -> None:
    assert canonical_path(b"/a%2Fb%5cc", settings(path_with_escaped_slashes_action=action)) == expected


def test_what_is_unescaped_is_normalized_after_that() -> None:
    fields = {"path_with_escaped_slashes_action": "UNESCAPE_AND_FORWARD", "normalize_path": True, "merge_slashes": True}
    assert canonical_path(b"/a%2F%2F..%2Fb", settings(**fields)).path == b"/a/b"
    assert canonical_path(b"/ok", settings(**fields)) == (b"/ok", False)
