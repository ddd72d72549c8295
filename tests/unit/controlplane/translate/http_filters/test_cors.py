"""Cross-origin rules as what a route says to Envoy's filter."""

import pytest

from tulle.api.networking.virtual_service import CorsPolicy, StringMatch
from tulle.controlplane.translate.http_filters.cors import cors_filter, translate_cors
from tulle.protos.messages import Cors, CorsSettings, StringMatcher


def translated(wanted: CorsPolicy) -> CorsSettings:
    return translate_cors(wanted, lambda match: StringMatcher(exact=match.exact or ""))


def test_the_filter_itself_does_nothing() -> None:
    assert cors_filter() == Cors()


def test_everything_is_told() -> None:
    policy = translated(
        CorsPolicy(
            allow_origins=(StringMatch(exact="https://a.test"),),
            allow_origin=("https://ignored.test",),
            allow_methods=("GET", "PUT"),
            allow_headers=("x-a", "x-b"),
            expose_headers=("x-c",),
            max_age="1m30s",
            allow_credentials=True,
        )
    )
    assert [origin.exact for origin in policy.allow_origin_string_match] == ["https://a.test"]
    assert (policy.allow_methods, policy.allow_headers, policy.expose_headers) == ("GET,PUT", "x-a,x-b", "x-c")
    assert policy.max_age == "90"
    assert policy.allow_credentials.value
    assert policy.filter_enabled.default_value.numerator == 100


def test_what_is_not_said_stays_open() -> None:
    policy = translated(CorsPolicy(allow_origin=("https://old.test",)))
    assert [origin.exact for origin in policy.allow_origin_string_match] == ["https://old.test"]
    assert (policy.max_age, policy.HasField("allow_credentials")) == ("", False)


@pytest.mark.parametrize(("how", "forwarded"), [("UNSPECIFIED", True), ("FORWARD", True), ("IGNORE", False)])
def test_preflights_of_others_go_on_unless_the_rule_forbids_it(how: str, forwarded: bool) -> None:
    policy = translated(CorsPolicy(unmatched_preflights=how))  # type: ignore[arg-type]
    assert policy.forward_not_matching_preflights.value is forwarded
