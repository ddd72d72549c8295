"""The rewrites of path and host that a RouteAction asks for."""

from tulle.foundation.errors import FieldProblem
from tulle.protos.messages import RegexMatchAndSubstitute, RouteAction, UriTemplateRewriteConfig
from tulle.protos.pool import type_url_of
from tulle.proxy.router.header_edits import build_text
from tulle.proxy.router.message_edits import Rewrites
from tulle.proxy.router.path_rules import PathRule
from tulle.proxy.router.patterns import Substitution
from tulle.proxy.router.rewrites import (
    HostRewrite,
    PathRewrite,
    formatted_host,
    formatted_path_rewrite,
    host_from_header,
    host_from_path,
    literal_host,
    prefix_rewrite,
    whole_path_rewrite,
)
from tulle.proxy.router.string_match import Problems, build_pattern
from tulle.proxy.router.uri_template import BadTemplate, TemplateRewrite

_URI_TEMPLATE_REWRITE = type_url_of(UriTemplateRewriteConfig)


def build_rewrites(action: RouteAction, rule: PathRule, path: str, problems: Problems) -> Rewrites:
    """How the action rewrites path and host; what it does not rewrite is None."""
    rewrites = Rewrites()
    rewrites.path = _build_path_rewrite(action, rule, path, problems)
    rewrites.host = _build_host_rewrite(action, path, problems)
    rewrites.append_forwarded_host = action.append_x_forwarded_host
    return rewrites


def _build_path_rewrite(action: RouteAction, rule: PathRule, path: str, problems: Problems) -> PathRewrite | None:
    fields = {field.name for field, _ in action.ListFields()}
    wanted = sorted(fields & {"prefix_rewrite", "regex_rewrite", "path_rewrite", "path_rewrite_policy"})
    if len(wanted) > 1:
        message = "only one of prefix_rewrite, regex_rewrite, path_rewrite and path_rewrite_policy may be set"
        problems.extend(FieldProblem(f"{path}.{name}", message) for name in wanted)
        return None
    kind = wanted[0] if wanted else None
    if kind == "prefix_rewrite":
        if rule.template is not None:
            problems.append(FieldProblem(f"{path}.prefix_rewrite", "cannot stand beside path_match_policy"))
        return prefix_rewrite(rule, action.prefix_rewrite.encode())
    if kind == "regex_rewrite":
        substitution = _build_substitution(action.regex_rewrite, f"{path}.regex_rewrite", problems)
        return None if substitution is None else whole_path_rewrite(substitution)
    if kind == "path_rewrite":
        return formatted_path_rewrite(build_text(action.path_rewrite, f"{path}.path_rewrite", problems))
    if kind == "path_rewrite_policy":
        return _build_template_rewrite(action, rule, f"{path}.path_rewrite_policy", problems)
    return None


def _build_template_rewrite(action: RouteAction, rule: PathRule, path: str, problems: Problems) -> PathRewrite | None:
    config = action.path_rewrite_policy.typed_config
    if config.type_url != _URI_TEMPLATE_REWRITE:
        problems.append(FieldProblem(f"{path}.typed_config", f"{config.type_url} is not a supported path rewriter"))
        return None
    if rule.template is None:
        problems.append(FieldProblem(path, "needs a path_match_policy with a URI template"))
        return None
    text = UriTemplateRewriteConfig.FromString(config.value).path_template_rewrite
    try:
        return whole_path_rewrite(TemplateRewrite(text, rule.template))
    except BadTemplate as error:
        problems.append(FieldProblem(f"{path}.typed_config.path_template_rewrite", str(error)))
        return None


def _build_host_rewrite(action: RouteAction, path: str, problems: Problems) -> HostRewrite | None:
    kind = action.WhichOneof("host_rewrite_specifier")
    if kind == "host_rewrite_literal":
        return literal_host(action.host_rewrite_literal.encode())
    if kind == "host_rewrite_header":
        name = action.host_rewrite_header.lower().encode()
        return host_from_header(b":authority" if name == b"host" else name)
    if kind == "host_rewrite_path_regex":
        where = f"{path}.host_rewrite_path_regex"
        substitution = _build_substitution(action.host_rewrite_path_regex, where, problems)
        return None if substitution is None else host_from_path(substitution)
    if kind == "host_rewrite":
        # Unlike a path's, Envoy prints a missing value of a host as `-`.
        return formatted_host(build_text(action.host_rewrite, f"{path}.host_rewrite", problems, missing="-"))
    return None


def _build_substitution(proto: RegexMatchAndSubstitute, path: str, problems: Problems) -> Substitution | None:
    pattern = build_pattern(proto.pattern, f"{path}.pattern", problems, capture=True)
    return None if pattern is None else Substitution(pattern, proto.substitution.encode())
