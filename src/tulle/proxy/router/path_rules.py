"""What a route asks of the path (RouteMatch.path_specifier), in a form that the index can order."""

from collections.abc import Callable

from tulle.foundation.errors import FieldProblem
from tulle.protos.messages import RouteMatch, UriTemplateMatchConfig
from tulle.protos.pool import type_url_of
from tulle.proxy.router.conditions import Condition, ConnectCondition
from tulle.proxy.router.string_match import Problems, build_pattern, never
from tulle.proxy.router.uri_template import BadTemplate, UriTemplate

_URI_TEMPLATE = type_url_of(UriTemplateMatchConfig)


class PathRule:
    """A path fits when it is `exact` or begins with `prefix`, and passes `test`.

    `folded` rules hold lower-case text and ignore case. `matched` is the text that a prefix rewrite replaces; None when
    it replaces the whole path. `condition` is what a kind of rule asks of more than the path; `pathless` rules also
    take requests without a path.
    """

    __slots__ = ("condition", "exact", "folded", "matched", "pathless", "prefix", "template", "test")

    def __init__(self, exact: bytes | None = None, prefix: bytes | None = None, folded: bool = False) -> None:
        self.exact = exact.lower() if folded and exact is not None else exact
        self.prefix = prefix.lower() if folded and prefix is not None else prefix
        self.folded = folded
        self.test: Callable[[bytes], bool] | None = None
        self.matched: bytes | None = None
        self.condition: Condition | None = None
        self.pathless = False
        self.template: UriTemplate | None = None

    def fits(self, path: bytes) -> bool:
        """Whether a path, without query, is what the rule asks for."""
        if self.test is not None:
            return self.test(path)
        if self.folded:
            path = path.lower()
        return path == self.exact or (self.prefix is not None and path.startswith(self.prefix))


def build_path_rule(match: RouteMatch, path: str, problems: Problems) -> PathRule:
    """The rule of a RouteMatch."""
    folded = match.HasField("case_sensitive") and not match.case_sensitive.value
    kind = match.WhichOneof("path_specifier")
    if kind == "prefix":
        text = match.prefix.encode()
        rule = PathRule(prefix=text, folded=folded)
        rule.matched = text
    elif kind == "path":
        text = match.path.encode()
        rule = PathRule(exact=text, folded=folded)
        rule.matched = text
    elif kind == "path_separated_prefix":
        # A boundary of segments: the path itself, or what goes on with a slash.
        text = match.path_separated_prefix.encode()
        rule = PathRule(exact=text, prefix=text + b"/", folded=folded)
        rule.matched = text
    elif kind == "safe_regex":
        pattern = build_pattern(match.safe_regex, f"{path}.safe_regex", problems)
        rule = PathRule(prefix=b"" if pattern is None else pattern.literal_prefix)
        rule.test = never if pattern is None else pattern.fits
    else:
        rule = _build_special_rule(match, kind, path, problems)
    return rule


def _build_special_rule(match: RouteMatch, kind: str | None, path: str, problems: Problems) -> PathRule:
    rule = PathRule(prefix=b"")
    if kind == "connect_matcher":
        rule.condition = ConnectCondition()
        rule.pathless = True
    elif kind == "path_match_policy":
        rule.template = _build_template(match, f"{path}.path_match_policy", problems)
        rule.condition = rule.template
    else:
        problems.append(FieldProblem(path, "one of the fields of path_specifier must be set"))
    return rule


def _build_template(match: RouteMatch, path: str, problems: Problems) -> UriTemplate | None:
    config = match.path_match_policy.typed_config
    if config.type_url != _URI_TEMPLATE:
        problems.append(FieldProblem(f"{path}.typed_config", f"{config.type_url} is not a supported path matcher"))
        return None
    text = UriTemplateMatchConfig.FromString(config.value).path_template
    try:
        return UriTemplate(text)
    except BadTemplate as error:
        problems.append(FieldProblem(f"{path}.typed_config.path_template", f"{text} is invalid: {error}"))
        return None
