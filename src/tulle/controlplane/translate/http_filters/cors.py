"""What other sites may ask of a service (Istio: route.go, TranslateCORSPolicy)."""

from collections.abc import Callable

from tulle.api.durations import parse_duration
from tulle.api.networking.virtual_service import CorsPolicy, StringMatch
from tulle.protos.messages import Cors, CorsSettings, StringMatcher

CORS_FILTER = "envoy.filters.http.cors"


def cors_filter() -> Cors:
    """Does nothing until a route says something to it."""
    return Cors()


def translate_cors(wanted: CorsPolicy, matcher: Callable[[StringMatch], StringMatcher]) -> CorsSettings:
    """What a route says to the filter."""
    policy = CorsSettings(
        allow_methods=",".join(wanted.allow_methods),
        allow_headers=",".join(wanted.allow_headers),
        expose_headers=",".join(wanted.expose_headers),
    )
    if wanted.allow_origins:
        policy.allow_origin_string_match.extend(matcher(origin) for origin in wanted.allow_origins)
    else:
        policy.allow_origin_string_match.extend(StringMatcher(exact=origin) for origin in wanted.allow_origin)
    policy.filter_enabled.default_value.numerator = 100
    if wanted.allow_credentials is not None:
        policy.allow_credentials.value = wanted.allow_credentials
    age = parse_duration(wanted.max_age or "")
    if age is not None:
        policy.max_age = str(int(age.total_seconds()))
    policy.forward_not_matching_preflights.value = wanted.unmatched_preflights != "IGNORE"
    return policy
