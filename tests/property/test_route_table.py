"""The indexed route table finds what a scan of the routes in their order finds."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.route_tables import info_of, match, request, table
from tulle.protos.messages import RouteMatch
from tulle.protos.reading import parse_message
from tulle.proxy.headers import Headers
from tulle.proxy.router.conditions import build_conditions
from tulle.proxy.router.path_rules import build_path_rule
from tulle.proxy.router.request_parts import path_of

Json = dict[str, Any]

# Few letters, so that prefixes of prefixes, equal paths and paths in another case come up all the time.
_segment = st.text(alphabet="abA", max_size=3)
_path = st.lists(_segment, min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts))
_query = st.sampled_from(["", "?", "?q", "?q=1&r", "?/a"])
_regex = st.sampled_from(
    [
        "/a.*",
        "/.*b",
        "/[ab]/?",
        "/(a|b)+",
        ".*",
        "/aA?",
        "(?i)/ab.*",
        "^/ab?/.*$",
        "/a|/b/.*",
        "(/ab)+",
        "/a{2,3}/[ab]*",
        "(?:/a)*/b*",
        "/ba\\b.*",
    ]
)
_separated = _path.map(lambda path: path.rstrip("/")).filter(lambda path: len(path) > 1)

_path_specifier: st.SearchStrategy[Json] = st.one_of(
    st.builds(lambda path: {"prefix": path}, _path),
    st.builds(lambda path: {"path": path}, _path),
    st.builds(lambda path: {"path_separated_prefix": path}, _separated),
    st.builds(lambda regex: {"safe_regex": {"regex": regex}}, _regex),
    st.just({"prefix": ""}),
    st.just({"connect_matcher": {}}),
)
_conditions: st.SearchStrategy[Json] = st.one_of(
    st.just({}),
    st.just({}),
    st.builds(lambda invert: {"headers": [{"name": "x", "invert_match": invert}]}, st.booleans()),
    st.just({"query_parameters": [{"name": "q"}]}),
    st.builds(lambda numerator: {"runtime_fraction": {"default_value": {"numerator": numerator}}}, st.integers(0, 100)),
)


@st.composite
def _matches(draw: st.DrawFn) -> Json:
    specifier, conditions = draw(_path_specifier), draw(_conditions)
    folded = draw(st.integers(0, 3)) == 0 and "safe_regex" not in specifier
    return {**specifier, **conditions, **({"case_sensitive": False} if folded else {})}


@st.composite
def _requests(draw: st.DrawFn) -> Headers:
    target = draw(_path) + draw(_query) if draw(st.integers(0, 9)) else draw(st.sampled_from([None, "*"]))
    fields = [("x", "1")] if draw(st.booleans()) else []
    return request(target, "h", draw(st.sampled_from(["GET", "CONNECT"])), fields)


def _scan(matches: list[Json], headers: Headers, random_value: int) -> str | None:
    """Envoy's way: one route after the other."""
    target = headers.get(b":path")
    for number, config in enumerate(matches):
        proto = parse_message(RouteMatch, config)
        rule = build_path_rule(proto, "", [])
        if target is None and not rule.pathless:
            continue
        conditions = [*build_conditions(proto, "", []), *([rule.condition] if rule.condition else [])]
        fits = target is None or rule.fits(path_of(target))
        if fits and all(condition.holds(headers, info_of(headers), random_value) for condition in conditions):
            return str(number)
    return None


@settings(max_examples=400, deadline=None)
@given(st.lists(_matches(), max_size=12), st.lists(_requests(), min_size=1, max_size=8), st.integers(0, 99))
def test_the_index_equals_a_scan_in_order(matches: list[Json], requests: list[Headers], random_value: int) -> None:
    routes = [{"name": str(number), "match": one, "route": {"cluster": "c"}} for number, one in enumerate(matches)]
    built = table({"virtual_hosts": [{"name": "v", "domains": ["*"], "routes": routes}]})
    for headers in requests:
        found = match(built, headers, random_value)
        assert (found and found.name) == _scan(matches, headers, random_value)


_label = st.text(alphabet="ab-", min_size=1, max_size=3)
_host = st.lists(_label, min_size=1, max_size=4).map(".".join)
_domain = st.one_of(
    _host,
    _host.map(lambda host: "*." + host),
    _host.map(lambda host: "*" + host),
    _host.map(lambda host: host + ".*"),
    _host.map(lambda host: host + "*"),
    st.just("*"),
)


def _scan_domains(domains: list[str], host: str) -> str | None:
    """Exact, else the longest suffix, else the longest prefix, else `*`."""
    if host in domains:
        return host
    suffixes = [one for one in domains if one != "*" and one.startswith("*") and len(one) - 1 < len(host)]
    suffixes = [one for one in suffixes if host.endswith(one[1:])]
    prefixes = [one for one in domains if one != "*" and one.endswith("*") and len(one) - 1 < len(host)]
    prefixes = [one for one in prefixes if host.startswith(one[:-1])]
    for found in (suffixes, prefixes):
        if found:
            return max(found, key=len)
    return "*" if "*" in domains else None


@settings(max_examples=400, deadline=None)
@given(st.lists(_domain, max_size=10, unique=True), st.lists(_host, min_size=1, max_size=8))
def test_virtual_hosts_are_found_as_by_a_scan(domains: list[str], hosts: list[str]) -> None:
    config = {
        "virtual_hosts": [
            {"name": domain, "domains": [domain], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "c"}}]}
            for domain in domains
        ]
    }
    built = table(config)
    for host in hosts:
        found = match(built, request("/", host))
        assert (found and found.virtual_host_name) == _scan_domains(domains, host)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=6).filter(any), st.integers(0, (1 << 64) - 1))
def test_weights_divide_random_values_as_envoys_loop_does(weights: list[int], random_value: int) -> None:
    clusters = [{"name": str(at), "weight": weight} for at, weight in enumerate(weights)]
    config = {"match": {"prefix": "/"}, "route": {"weighted_clusters": {"clusters": clusters}}}
    built = table({"virtual_hosts": [{"name": "v", "domains": ["*"], "routes": [config]}]})
    found = match(built, request())
    assert found is not None
    choice = found.pick_cluster(request(), random_value)
    end, selected = 0, random_value % sum(weights)
    for at, weight in enumerate(weights):
        end += weight
        if selected < end:
            assert choice is not None
            assert choice.cluster_name == str(at)
            break
