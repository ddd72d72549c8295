"""Regular expressions."""

import pytest

from tulle.proxy.router.patterns import BadPattern, Substitution, compile_pattern


@pytest.mark.parametrize("text", ["(?=a)", r"(a)\1", r"\Z", "a{1001}", "(?>x)", "x*+", "("])
def test_only_what_re2_accepts_is_a_pattern(text: str) -> None:
    with pytest.raises(BadPattern):
        compile_pattern(text)


def test_a_pattern_fits_whole_values_only() -> None:
    pattern = compile_pattern(r"/users/\d+")
    assert pattern.fits(b"/users/12")
    assert not pattern.fits(b"/users/12/x")
    assert not pattern.fits(b"x/users/12")


def test_a_dot_is_one_byte_as_in_envoy() -> None:
    assert compile_pattern("..").fits("é".encode())
    assert not compile_pattern(".").fits("é".encode())
    assert compile_pattern("é").fits("é".encode())


def test_matching_takes_linear_time() -> None:
    assert not compile_pattern("(a*)*b").fits(b"a" * 5000)


@pytest.mark.parametrize(
    ("pattern", "rewrite", "value", "expected"),
    [
        ("/(x*)(y?)", rb"/<\1>\\", b"/rx/xx/xy/zz", rb"/<>\rx/<xx>\/<x>\/<>\zz"),
        ("x*", b"-", b"/emptxx", b"-/-e-m-p-t-"),
        ("^/hp/(.+)/x$", rb"\1", b"/hp/name/x", b"name"),
        ("^/hp/(.+)/x$", rb"\1", b"/hp/none", b"/hp/none"),
        ("b", rb"[\0]", b"abc", b"a[b]c"),
        ("(a)|(b)", rb"<\1\2>", b"ab", b"<a><b>"),
        ("b", b"", b"abc", b"ac"),
    ],
)
def test_all_matches_are_replaced_as_re2_does(pattern: str, rewrite: bytes, value: bytes, expected: bytes) -> None:
    assert Substitution(compile_pattern(pattern, capture=True), rewrite).apply(value) == expected


def test_a_substitution_with_a_group_too_many_changes_nothing() -> None:
    assert Substitution(compile_pattern("/b", capture=True), rb"/\3").apply(b"/badref") == b"/badref"


def test_a_substitution_ends_at_a_backslash_that_means_nothing() -> None:
    assert Substitution(compile_pattern("Q", capture=True), rb"ab\q").apply(b"/Qx") == b"/abx"


@pytest.mark.parametrize(
    ("text", "prefix"),
    [
        ("/r3/.*", b"/r3/"),
        ("^/api/v[0-9]/x", b"/api/v"),
        ("(?i)/abc", b"/"),
        ("/a|/b", b"/"),
        ("a?b", b""),
        (".*", b""),
        ("/user", b"/user"),
    ],
)
def test_a_pattern_knows_what_its_matches_begin_with(text: str, prefix: bytes) -> None:
    assert prefix.startswith(compile_pattern(text).literal_prefix)
    assert (compile_pattern(text).literal_prefix == b"") == (prefix == b"")


def test_groups_have_names_and_spans() -> None:
    pattern = compile_pattern("(?P<first>a+)(b)?", capture=True)
    assert pattern.group_names == {"first": 1}
    assert pattern.capture(b"aa") == [(0, 2), (0, 2), (-1, -1)]
    assert pattern.capture(b"x") is None
    assert pattern.search(b"xxa", 1) == [(2, 3), (2, 3), (-1, -1)]
    assert pattern.search(b"xx", 0) is None
