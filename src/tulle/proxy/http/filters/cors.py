"""Answers browsers that ask whether another site may call (envoy.filters.http.cors)."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from tulle.foundation.errors import FieldProblem, InvalidInput
from tulle.protos.messages import CorsSettings
from tulle.proxy.headers import Headers
from tulle.proxy.http.filter_api import CONTINUE, PAUSE, HttpFilter, Verdict
from tulle.proxy.http.filter_services import FilterServices
from tulle.proxy.router.conditions import FractionCondition
from tulle.proxy.router.route import FORWARD
from tulle.proxy.router.string_match import Test, build_string_test
from tulle.proxy.telemetry.stats import Counter, StatsGroup

if TYPE_CHECKING:
    from tulle.proxy.http.stream import Stream

SUPPORTED: dict[str, frozenset[str]] = {
    "envoy.extensions.filters.http.cors.v3.Cors": frozenset(),
    "envoy.extensions.filters.http.cors.v3.CorsPolicy": frozenset(
        {
            "allow_origin_string_match",
            "allow_methods",
            "allow_headers",
            "expose_headers",
            "max_age",
            "allow_credentials",
            "filter_enabled",
            "shadow_enabled",
            "allow_private_network_access",
            "forward_not_matching_preflights",
        }
    ),
}

_TEXTS = ("allow_methods", "allow_headers", "expose_headers", "max_age")
_SWITCHES = ("allow_credentials", "allow_private_network_access", "forward_not_matching_preflights")


class CorsStats(StatsGroup):
    """http.<stat_prefix>.cors.*"""

    origin_valid: Counter
    origin_invalid: Counter


class CorsPolicy:
    """What one place says; `over` fills what it leaves open from a less specific one."""

    __slots__ = ("enabled", "origins", "shadow", "switches", "texts")

    def __init__(self, origins: Sequence[Test], texts: dict[str, bytes], switches: dict[str, bool]) -> None:
        self.origins = tuple(origins)
        self.texts = texts  # those that are not empty
        self.switches = switches  # those that are set
        self.enabled: FractionCondition | None = None  # None: always
        self.shadow: FractionCondition | None = None  # None: never

    def over(self, less_specific: object) -> "CorsPolicy":
        """This policy before another; whether it is in force is its own matter."""
        if not isinstance(less_specific, CorsPolicy):
            return self
        both = CorsPolicy(
            self.origins or less_specific.origins,
            {**less_specific.texts, **self.texts},
            {**less_specific.switches, **self.switches},
        )
        both.enabled, both.shadow = self.enabled, self.shadow
        return both

    def allows(self, origin: bytes) -> bool:
        """Whether a site may call."""
        return any(test(b"*") or test(origin) for test in self.origins)


class Cors(HttpFilter):
    """Acts on routes that have a policy, for requests that name their origin."""

    __slots__ = ("_random", "_stats")

    def __init__(self, stats: CorsStats, random: Callable[[int], int]) -> None:
        self._stats = stats
        self._random = random

    def on_request_headers(self, stream: "Stream", end: bool) -> Verdict:
        """Judges the origin, and answers what asks beforehand (a preflight)."""
        settings = stream.settings
        if not settings:
            return CONTINUE
        policy = settings.get(self.name)
        if not isinstance(policy, CorsPolicy):
            return CONTINUE
        origin = stream.request.get(b"origin")
        # Envoy: routeEntry() is null for redirects and direct responses.
        if not origin or stream.route is None or stream.route.kind != FORWARD:
            return CONTINUE
        enabled = policy.enabled is None or policy.enabled.hits(self._random(64))
        if not enabled and (policy.shadow is None or not policy.shadow.hits(self._random(64))):
            return CONTINUE
        allowed = policy.allows(origin)
        if allowed:
            self._stats.origin_valid.value += 1
        else:
            self._stats.origin_invalid.value += 1
        if not enabled:
            return CONTINUE
        if allowed:
            stream.note(self, (policy, origin))
        request = stream.request
        if request[b":method"] != b"OPTIONS" or not request.get(b"access-control-request-method"):
            return CONTINUE
        if not allowed and policy.switches.get("forward_not_matching_preflights", True):
            return CONTINUE
        stream.response_code_details = "cors_response"
        stream.respond(_preflight(policy, request, origin if allowed else None), True)
        return PAUSE

    def on_response_headers(self, stream: "Stream", end: bool) -> Verdict:
        """Tells the browser that the origin may see the response."""
        notes = stream.notes
        if notes is None:
            return CONTINUE
        kept = notes.get(self)
        if kept is not None and stream.response is not None:
            policy, origin = kept
            response = stream.response
            response.set(b"access-control-allow-origin", origin)
            if policy.switches.get("allow_credentials", False):
                response.set(b"access-control-allow-credentials", b"true")
            exposed = policy.texts.get("expose_headers")
            if exposed:
                response.set(b"access-control-expose-headers", exposed)
        return CONTINUE


def _preflight(policy: CorsPolicy, request: Headers, origin: bytes | None) -> Headers:
    """The answer to a preflight; a `*` in the policy stands for what the request asks for."""
    response = Headers({b":status": b"200"})
    if origin is not None:
        response[b"access-control-allow-origin"] = origin
    if policy.switches.get("allow_credentials", False):
        response[b"access-control-allow-credentials"] = b"true"
    for what in (b"methods", b"headers"):
        text = policy.texts.get(f"allow_{what.decode()}")
        if text == b"*":
            asked = b"access-control-request-method" if what == b"methods" else b"access-control-request-headers"
            text = request.get(asked, b"")
            response[b"access-control-allow-" + what] = text
        elif text:
            response[b"access-control-allow-" + what] = text
    if "max_age" in policy.texts:
        response[b"access-control-max-age"] = policy.texts["max_age"]
    private = policy.switches.get("allow_private_network_access", False)
    if private and request.get(b"access-control-request-private-network") == b"true":
        response[b"access-control-allow-private-network"] = b"true"
    return response


def build_cors(config: bytes, stat_prefix: str, services: FilterServices) -> Cors:
    """The filter; its message is empty."""
    return Cors(CorsStats(services.stats, f"{stat_prefix}cors."), services.runtime.random_bits)


def build_cors_policy(config: bytes) -> CorsPolicy:
    """From the message of a route; InvalidInput with all that is wrong."""
    proto = CorsSettings.FromString(config)
    problems: list[FieldProblem] = []
    origins = [
        build_string_test(each, f"allow_origin_string_match[{index}]", problems)
        for index, each in enumerate(proto.allow_origin_string_match)
    ]
    if problems:
        raise InvalidInput(problems)
    texts = {name: getattr(proto, name).encode() for name in _TEXTS if getattr(proto, name)}
    switches = {name: getattr(proto, name).value for name in _SWITCHES if proto.HasField(name)}
    policy = CorsPolicy(origins, texts, switches)
    if proto.HasField("filter_enabled"):
        policy.enabled = FractionCondition(proto.filter_enabled.default_value)
    if proto.HasField("shadow_enabled"):
        policy.shadow = FractionCondition(proto.shadow_enabled.default_value)
    return policy
