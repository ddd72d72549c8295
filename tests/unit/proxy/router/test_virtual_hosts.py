"""Virtual hosts by domain."""

import pytest

from tulle.proxy.router.string_match import Problems
from tulle.proxy.router.virtual_hosts import DomainIndex, without_port


def _index(*domains: str, ignore_port: bool = False) -> DomainIndex[str]:
    index: DomainIndex[str] = DomainIndex(ignore_port)
    problems: Problems = []
    for domain in domains:
        index.add(domain, domain, "d", problems)
    index.seal()
    assert problems == []
    return index


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("www.foo.com", "www.foo.com"),
        ("WWW.FOO.com", "www.foo.com"),
        ("a.foo.com", "*.foo.com"),
        ("a.b.foo.com", "*.b.foo.com"),
        ("x-bar.foo.com", "*-bar.foo.com"),
        ("A-BAR.foo.com", "*-bar.foo.com"),
        (".foo.com", "*"),
        ("foo.com", "foo.*"),
        ("bar.com", "*"),
        ("foo.example", "foo.*"),
        ("foo.bar.example", "foo.bar.*"),
        ("www.foo.com:80", "*"),
        ("", "*"),
    ],
)
def test_exact_then_longest_suffix_then_longest_prefix_then_all(host: str, domain: str) -> None:
    index = _index("*", "www.foo.com", "*.foo.com", "*.b.foo.com", "*-bar.foo.com", "foo.*", "foo.bar.*")
    assert index.find(host.encode()) == domain


def test_suffixes_after_dots_are_found_at_the_dots() -> None:
    index = _index("*.foo.com", "*.b.foo.com", "*.com", "x.*")
    assert index.find(b"a.b.foo.com") == "*.b.foo.com"
    assert index.find(b".b.foo.com") == "*.foo.com"
    assert index.find(b"A.COM") == "*.com"
    assert index.find(b".com") is None
    assert index.find(b"x.org") == "x.*"
    assert index.find(b"x.") is None
    assert index.find(None) is None


def test_ports_are_ignored_on_request() -> None:
    index = _index("foo.com", "[::1]", "*.bar.com", ignore_port=True)
    assert index.find(b"FOO.com:8080") == "foo.com"
    assert index.find(b"[::1]:80") == "[::1]"
    assert index.find(b"a.bar.com:1") == "*.bar.com"
    assert _index("foo.com").find(b"foo.com:80") is None


def test_with_nothing_but_a_star_every_request_has_its_host() -> None:
    index = _index("*")
    assert index.sole == "*"
    assert index.find(None) == "*"


def test_domains_are_unique_whatever_their_case() -> None:
    index: DomainIndex[int] = DomainIndex(ignore_port=False)
    problems: Problems = []
    for at, domain in enumerate(["A.com", "a.com", "*", "*", "*.b", "*.B", "c.*", "C.*", "a.*.com"]):
        index.add(domain, at, f"domains[{at}]", problems)
    assert [(problem.path, problem.message) for problem in problems] == [
        ("domains[1]", "duplicate entry of domain a.com"),
        ("domains[3]", "only a single wildcard domain is permitted"),
        ("domains[5]", "duplicate entry of domain *.b"),
        ("domains[7]", "duplicate entry of domain c.*"),
    ]


@pytest.mark.parametrize(
    ("authority", "host"),
    [(b"a:80", b"a"), (b"a", b"a"), (b"[::1]:80", b"[::1]"), (b"[::1]", b"[::1]"), (b"a:", b"a"), (b"", b"")],
)
def test_a_port_stands_behind_the_last_colon_outside_of_brackets(authority: bytes, host: bytes) -> None:
    assert without_port(authority) == host
