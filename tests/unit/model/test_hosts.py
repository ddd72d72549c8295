"""Host names."""

import pytest

from tulle.model.hosts import matches, overlaps, resolve_short_name, specificity


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("reviews", "reviews.shop.svc.cluster.local"),
        ("reviews.other", "reviews.other"),
        ("*", "*"),
        ("*.example.com", "*.example.com"),
    ],
)
def test_only_a_name_without_dots_is_short(name: str, full: str) -> None:
    assert resolve_short_name(name, "shop", "cluster.local") == full


@pytest.mark.parametrize(
    ("pattern", "hostname", "expected"),
    [
        ("a.example.com", "a.example.com", True),
        ("a.example.com", "b.example.com", False),
        ("*.example.com", "a.example.com", True),
        ("*.example.com", "example.com", False),
        ("*.example.com", "*.a.example.com", True),
        ("*.a.example.com", "*.example.com", False),
        ("*", "anything", True),
        ("*", "*.com", True),
    ],
)
def test_a_pattern_covers_hosts_and_narrower_patterns(pattern: str, hostname: str, expected: bool) -> None:
    assert matches(pattern, hostname) is expected


def test_overlap_is_symmetric() -> None:
    assert overlaps("*.com", "*.example.com")
    assert overlaps("*.example.com", "*.com")
    assert not overlaps("a.com", "*.org")


def test_exact_hosts_are_more_specific_than_any_wildcard() -> None:
    hosts = ["*.a.very.long.example.com", "*", "a.b"]
    assert sorted(hosts, key=specificity) == ["*", "*.a.very.long.example.com", "a.b"]
