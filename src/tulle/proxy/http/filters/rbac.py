"""Lets requests pass or not by rules (envoy.filters.http.rbac)."""

from typing import TYPE_CHECKING

from tulle.foundation.errors import FieldProblem, InvalidInput
from tulle.protos.messages import HttpRbac, HttpRbacPerRoute, RbacRules
from tulle.proxy.http.filter_api import CONTINUE, HttpFilter, Verdict
from tulle.proxy.http.filter_services import FilterServices
from tulle.proxy.http.filters.rbac_rules import Rule, build_permission, build_principal
from tulle.proxy.telemetry.stats import Counter, StatsGroup, StatsStore

if TYPE_CHECKING:
    from tulle.proxy.http.stream import Stream

_RBAC = "envoy.extensions.filters.http.rbac.v3."
_RULES = "envoy.config.rbac.v3."
_MATCHER = "envoy.type.matcher.v3."
# What is missing needs CEL, a matcher tree, TLS or filter state.
SUPPORTED: dict[str, frozenset[str]] = {
    f"{_RBAC}RBAC": frozenset({"rules", "rules_stat_prefix", "shadow_rules", "shadow_rules_stat_prefix"}),
    f"{_RBAC}RBACPerRoute": frozenset({"rbac"}),
    f"{_RULES}RBAC": frozenset({"action", "policies"}),
    f"{_RULES}Policy": frozenset({"permissions", "principals"}),
    f"{_RULES}Permission": frozenset(
        {
            "and_rules",
            "or_rules",
            "any",
            "header",
            "url_path",
            "destination_ip",
            "destination_port",
            "destination_port_range",
            "metadata",
            "sourced_metadata",
            "not_rule",
            "requested_server_name",
            "uri_template",
        }
    ),
    f"{_RULES}Permission.Set": frozenset({"rules"}),
    f"{_RULES}Principal": frozenset(
        {
            "and_ids",
            "or_ids",
            "any",
            "source_ip",
            "direct_remote_ip",
            "remote_ip",
            "header",
            "url_path",
            "metadata",
            "sourced_metadata",
            "not_id",
        }
    ),
    f"{_RULES}Principal.Set": frozenset({"ids"}),
    f"{_RULES}SourcedMetadata": frozenset({"metadata_matcher", "metadata_source"}),
    f"{_MATCHER}PathMatcher": frozenset({"path"}),
    f"{_MATCHER}MetadataMatcher": frozenset({"filter", "path", "value", "invert"}),
    f"{_MATCHER}MetadataMatcher.PathSegment": frozenset({"key"}),
    f"{_MATCHER}ValueMatcher": frozenset(
        {"double_match", "string_match", "bool_match", "present_match", "list_match", "or_match"}
    ),
    f"{_MATCHER}DoubleMatcher": frozenset({"range", "exact"}),
    f"{_MATCHER}ListMatcher": frozenset({"one_of"}),
    f"{_MATCHER}OrMatcher": frozenset({"value_matchers"}),
    "envoy.type.v3.DoubleRange": frozenset({"start", "end"}),
    "envoy.type.v3.Int32Range": frozenset({"start", "end"}),
    "envoy.config.core.v3.CidrRange": frozenset({"address_prefix", "prefix_len"}),
}

ALLOW, DENY, LOG = 0, 1, 2
_METADATA = "envoy.filters.http.rbac"
_FORBIDDEN = 403


class RbacStats(StatsGroup):
    """http.<stat_prefix>.rbac.<rules_stat_prefix>*"""

    allowed: Counter
    denied: Counter


class ShadowStats(StatsGroup):
    """http.<stat_prefix>.rbac.<shadow_rules_stat_prefix>*"""

    shadow_allowed: Counter
    shadow_denied: Counter


class Policies:
    """Rules in the order of their names; the first that holds decides."""

    __slots__ = ("_action", "_policies")

    def __init__(self, action: int, policies: tuple[tuple[str, Rule, Rule], ...]) -> None:
        self._action = action
        self._policies = policies

    def judge(self, stream: "Stream") -> tuple[bool, str]:
        """Whether the request may pass, and the name of the policy that holds for it, if one does."""
        for name, permission, principal in self._policies:
            if permission.holds(stream) and principal.holds(stream):
                if self._action == LOG:
                    stream.set_metadata("envoy.common", {"access_log_hint": True})
                return self._action != DENY, name
        if self._action == LOG:
            stream.set_metadata("envoy.common", {"access_log_hint": False})
        return self._action != ALLOW, ""


class Engines:
    """What one place says: the rules in force, those that are only tried, and where they count."""

    __slots__ = ("enforced", "enforced_prefix", "shadow", "shadow_prefix")

    def __init__(self, proto: HttpRbac, problems: list[FieldProblem], path: str = "") -> None:
        self.enforced = _policies(proto.rules, f"{path}rules", problems) if proto.HasField("rules") else None
        self.shadow = (
            _policies(proto.shadow_rules, f"{path}shadow_rules", problems) if proto.HasField("shadow_rules") else None
        )
        self.enforced_prefix = proto.rules_stat_prefix
        self.shadow_prefix = proto.shadow_rules_stat_prefix


class Rbac(HttpFilter):
    """The rules of the route, else its own."""

    __slots__ = ("_denied_details", "_engines", "_prefix", "_shadow_stats", "_stats", "_store")

    def __init__(self, engines: Engines, stat_prefix: str, store: StatsStore) -> None:
        self._engines = engines
        self._store = store
        self._prefix = f"{stat_prefix}rbac."
        self._stats = RbacStats(store, self._prefix + _dotted(engines.enforced_prefix))
        self._shadow_stats = ShadowStats(store, self._prefix + _dotted(engines.shadow_prefix))

    def on_request_headers(self, stream: "Stream", end: bool) -> Verdict:
        """Passes or denies; rules that are only tried leave their result behind."""
        settings = stream.settings
        engines = settings.get(self.name, self._engines) if settings else self._engines
        if not isinstance(engines, Engines):
            engines = self._engines
        if engines.shadow is not None:
            self._try(stream, engines.shadow)
        rules = engines.enforced
        if rules is None:
            return CONTINUE
        allowed, policy = rules.judge(stream)
        if allowed:
            self._stats.allowed.value += 1
            return CONTINUE
        self._stats.denied.value += 1
        # Envoy: responseDetail; the name must not break a log's columns.
        name = "_".join(policy.split(" ")) if policy else "none"
        return stream.reply(_FORBIDDEN, b"RBAC: access denied", f"rbac_access_denied_matched_policy[{name}]")

    def _try(self, stream: "Stream", shadow: Policies) -> None:
        allowed, policy = shadow.judge(stream)
        result: dict[str, object] = {"shadow_engine_result": "allowed" if allowed else "denied"}
        if policy:
            result["shadow_effective_policy_id"] = policy
        if allowed:
            self._shadow_stats.shadow_allowed.value += 1
        else:
            self._shadow_stats.shadow_denied.value += 1
        stream.set_metadata(_METADATA, result)


def _dotted(prefix: str) -> str:
    return prefix if not prefix or prefix.endswith(".") else f"{prefix}."


def _policies(proto: RbacRules, path: str, problems: list[FieldProblem]) -> Policies:
    found = []
    for name in sorted(proto.policies):
        policy, where = proto.policies[name], f'{path}.policies["{name}"]'
        permission = build_permission(policy.permissions, f"{where}.permissions", problems)
        principal = build_principal(policy.principals, f"{where}.principals", problems)
        found.append((name, permission, principal))
    return Policies(int(proto.action), tuple(found))


def build_rbac(config: bytes, stat_prefix: str, services: FilterServices) -> Rbac:
    """From the filter's message; InvalidInput with all that is wrong."""
    problems: list[FieldProblem] = []
    engines = Engines(HttpRbac.FromString(config), problems)
    if problems:
        raise InvalidInput(problems)
    return Rbac(engines, stat_prefix, services.stats)


def build_rbac_settings(config: bytes) -> Engines:
    """From the message of a route; without rules all passes."""
    problems: list[FieldProblem] = []
    engines = Engines(HttpRbacPerRoute.FromString(config).rbac, problems, "rbac.")
    if problems:
        raise InvalidInput(problems)
    return engines
