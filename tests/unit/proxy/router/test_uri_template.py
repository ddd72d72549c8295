"""URI templates."""

import pytest

from tulle.proxy.router.uri_template import BadTemplate, TemplateRewrite, UriTemplate


@pytest.mark.parametrize(
    ("template", "fitting", "others"),
    [
        ("/", ["/"], ["/a", ""]),
        ("/a/*", ["/a/b"], ["/a", "/a/", "/a/b/c"]),
        ("/a/*/", ["/a/b/"], ["/a/b"]),
        ("/a/**", ["/a/", "/a/b/c"], ["/a", "/b"]),
        ("/a/*.js", ["/a/x.js"], ["/a/xjs", "/a/b/x.js"]),
        ("/T/{x}/{y=**}.js", ["/T/a/b/c.js", "/T/a/.js"], ["/T/a/b.css"]),
        ("/{x=a/*}/b", ["/a/1/b"], ["/c/1/b"]),
        ("/$(x)+.", ["/$(x)+."], ["/$(x)+y"]),
    ],
)
def test_templates_fit_whole_paths(template: str, fitting: list[str], others: list[str]) -> None:
    pattern = UriTemplate(template).pattern
    assert [path for path in fitting + others if pattern.fits(path.encode())] == fitting


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("a", "Invalid pattern"),
        ("/ä", "Invalid pattern"),
        ("/a//b", "Invalid literal"),
        ("/a=b", "Invalid literal"),
        ("/**/*", "Glob after text glob"),
        ("/**/{x}", "Implicit variable path glob after text glob"),
        ("/***", "Invalid literal"),
        ("/*.js/x", "Prefix match not supported"),
        ("/{x", "Unmatched variable bracket"),
        ("/{1}", "Invalid variable name"),
        ("/{x=}", "Empty variable match"),
        ("/{x=a/}", "Invalid variable match"),
        ("/{x=*a}", "Invalid variable match"),
        ("/{x}/{x}", "Repeated variable name"),
        ("/{" + "x" * 17 + "}", "Invalid variable length"),
        ("/{a}/{b}/{c}/{d}/{e}/{f}", "Exceeded variable count limit"),
    ],
)
def test_bad_templates_are_told_as_envoy_tells_them(template: str, message: str) -> None:
    with pytest.raises(BadTemplate, match=message):
        UriTemplate(template)


def test_a_rewrite_puts_variables_in_their_places() -> None:
    rewrite = TemplateRewrite("/n/{y}/{x}", UriTemplate("/T/{x}/{y=**}.js"))
    assert rewrite.apply(b"/T/a/b/c.js") == b"/n/b/c/a"
    assert rewrite.apply(b"/other") == b"/other"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("n", "Invalid rewrite variable placement"),
        ("/a//b", "Invalid rewrite literal"),
        ("/a=", "Invalid rewrite literal pattern"),
        ("/{x", "Unmatched variable bracket"),
        ("/{1}", "Invalid variable name"),
        ("/{y}", "mismatch between variables in /a/{x} and /{y}"),
    ],
)
def test_bad_rewrites_are_told(text: str, message: str) -> None:
    with pytest.raises(BadTemplate, match=message):
        TemplateRewrite(text, UriTemplate("/a/{x}"))
