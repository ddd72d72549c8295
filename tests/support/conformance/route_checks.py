"""Envoy's own route checks (test/tools/router_check), judged from outside of a running proxy."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.support.conformance.case import Case
from tests.support.conformance.clients import Answer, Http2Client, Request, connect
from tests.support.conformance.upstreams import Seen
from tests.support.conformance.worlds import World
from tests.support.corpora import CORPORA

_ROOT = Path(__file__).parents[3]
_FOLDER = Path("envoy/test/tools/router_check/test/config")
CLUSTERS = "route-check-clusters"
# Added to each virtual host, so that what matched can be seen in the response.
_TELLTALES = {"x-told-host": "{name}", "x-told-cluster": "%VIRTUAL_CLUSTER_NAME%"}
# One of the configurations has an expression that Envoy takes only when it is told to.
_LAYER = "{name: static, static_layer: {re2.max_program_size.error_level: 2000}}"
_INTERNAL = "internal_address_config: {cidr_ranges: [{address_prefix: 10.0.0.0, prefix_len: 8}]}, "
_BIG_EXPRESSIONS = f"layered_runtime: {{layers: [{_LAYER}]}}\n"
# The tool looks at the route alone; in a running Envoy the reply gets its content type only if the route gave it none.
_OTHERWISE = {("DirectResponse", "Direct Response custom content-type appended")}


def corpus() -> Path:
    """The folder of the route checks; it may be absent."""
    return CORPORA / _FOLDER


@dataclass(frozen=True)
class RouteCheck:
    """One request to one route configuration and what Envoy's authors say about it."""

    config: str
    name: str
    given: dict[str, Any]
    wanted: dict[str, Any]
    made_to_fail: bool


@dataclass
class Tally:
    """How the checks came out with one engine."""

    passed: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    unsupported: list[str] = field(default_factory=list)
    unjudged: list[str] = field(default_factory=list)

    def line(self, engine: str) -> str:
        """The counts in words."""
        counts = f"{len(self.passed)} pass, {len(self.failed)} fail, {len(self.unsupported)} not yet supported"
        return f"route checks on {engine}: {counts}, {len(self.unjudged)} cannot be judged from outside"


def read_checks(folder: Path) -> list[RouteCheck]:
    """All checks of a folder."""
    checks: list[RouteCheck] = []
    for path in sorted([*folder.glob("*.golden.proto.json"), *folder.glob("*.golden.proto.yaml")]):
        stem = path.name.partition(".")[0]
        config = stem.removesuffix("Failures")
        # The files have commas that JSON does not allow; YAML does.
        for test in yaml.load(path.read_text(), yaml.CSafeLoader)["tests"]:
            checks.append(RouteCheck(config, test["test_name"], test["input"], test["validate"], stem != config))
    return checks


def read_configs(folder: Path, checks: list[RouteCheck]) -> dict[str, dict[str, Any]]:
    """The route configurations that the checks need, by name."""
    names = sorted({check.config for check in checks})
    return {name: yaml.load((folder / f"{name}.yaml").read_text(), yaml.CSafeLoader) for name in names}


def clusters_of(value: Any, weighted: bool = False) -> Iterator[str]:
    """The names of all clusters that a configuration leads to."""
    if isinstance(value, list):
        for item in value:
            yield from clusters_of(item, weighted)
    elif isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, str) and (key == "cluster" or (weighted and key == "name")):
                yield item
            else:
                yield from clusters_of(item, key == "weighted_clusters" or (weighted and key == "clusters"))


def build_cases(
    engine: str, configs: Mapping[str, dict[str, Any]], clusters: list[str], checks: list[RouteCheck]
) -> list[Case]:
    """A listener for each configuration, and the clusters that all of them use."""
    with_internal = {check.config for check in checks if check.given.get("internal") and not unjudgeable(check, {})}
    lines = [f"  - !cluster {{name: {name}, hosts: [{name}]}}" for name in clusters]
    runtime = _BIG_EXPRESSIONS if engine == "envoy" else ""
    cases = [_case(CLUSTERS, runtime + "static_resources:\n  clusters:\n" + "\n".join(lines))]
    for name, config in configs.items():
        hosts = [{**host, "response_headers_to_add": _telltales(host)} for host in config["virtual_hosts"]]
        route_config = yaml.dump({**config, "name": name, "virtual_hosts": hosts}, default_flow_style=True, width=10**9)
        internal = _INTERNAL if name in with_internal else ""
        listener = f"  - !http {{name: {name}, {internal}route_config: {route_config.strip()}}}"
        cases.append(_case(name, f"static_resources:\n  listeners:\n{listener}"))
    return cases


def _telltales(host: Mapping[str, Any]) -> list[dict[str, Any]]:
    added = [{"header": {"key": key, "value": value.format(**host)}} for key, value in _TELLTALES.items()]
    return [*host.get("response_headers_to_add", []), *added]


def _case(name: str, bootstrap: str) -> Case:
    return Case(name, _ROOT, bootstrap, "a route check", [], shared_names=True)


def unjudgeable(check: RouteCheck, config: Mapping[str, Any]) -> str:
    """Why a check cannot be judged from outside; empty when it can."""
    if check.made_to_fail:
        return "made to fail"
    if (check.config, check.name) in _OTHERWISE:
        return "the running Envoy does otherwise"
    if check.given.get("dynamic_metadata"):
        return "needs dynamic metadata"
    if "runtime_fraction" in yaml.dump(config):
        return "needs a runtime that is told what to say"
    if "random_value" in check.given and not set(check.wanted) - {"cluster_name"}:
        return "needs a random value that is given"
    return ""


def run_check(check: RouteCheck, world: World) -> list[str]:
    """What is not as the check wants it; over HTTP/2, which adds no framing headers of its own."""
    case = _case(check.config, "")
    world.upstreams.take_seen()
    fields = [(item["key"], item["value"]) for item in _additional(check.given)]
    fields += [("x-forwarded-proto", "https")] if check.given.get("ssl") else []
    fields += [("x-forwarded-for", "10.0.0.1")] if check.given.get("internal") else []
    client = Http2Client(connect(("127.0.0.1", world.port(case, check.config))))
    given = check.given
    request = Request(given["method"], given["path"], given["authority"], fields)
    request.scheme = "https" if given.get("ssl") else "http"
    answer = client.send(request)
    client.close()
    seen = world.upstreams.take_seen()
    return list(_judge(check, answer, seen[0] if seen else None))


def _additional(given: Mapping[str, Any]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = given.get("additional_request_headers", [])
    return found


def _judge(check: RouteCheck, answer: Answer, seen: Seen | None) -> Iterator[str]:
    if answer.message is None:
        yield f"no answer: {answer.failure}"
        return
    response: dict[str, str] = {}
    for key, value in answer.message.fields:
        response[key] = f"{response[key]},{value}" if key in response else value
    for name, wanted in check.wanted.items():
        if name == "cluster_name" and "random_value" in check.given:
            continue
        if name.endswith("_header_matches"):
            headers = response if name.startswith("response") else _request_headers(seen)
            for matcher in wanted:
                if not _matches(matcher, headers):
                    yield f"{name}: {matcher} does not hold of {headers}"
            continue
        got = _LOOKS[name](answer.message.status, response, seen)
        if got is not None and str(got) != str(wanted):
            yield f"{name}: wanted {wanted!r}, got {got!r}"


def _request_headers(seen: Seen | None) -> dict[str, str]:
    if seen is None:
        return {}
    headers = {name.lower(): value for name, value in seen.fields}
    return {**headers, ":path": seen.path, ":method": seen.method, ":authority": headers.get("host", "")}


def _matches(matcher: Mapping[str, Any], headers: Mapping[str, str]) -> bool:
    value = headers.get(matcher["name"].lower())
    if "string_match" in matcher:
        holds = value == matcher["string_match"]["exact"]
    elif "range_match" in matcher:
        bounds = matcher["range_match"]
        holds = value is not None and bounds["start"] <= int(value) < bounds["end"]
    else:
        holds = (value is not None) == matcher.get("present_match", True)
    return holds != matcher.get("invert_match", False)


Look = Callable[[int, Mapping[str, str], Seen | None], Any]


def _redirect(status: int, response: Mapping[str, str], seen: Seen | None) -> str | None:
    """The tool calls a direct response a redirect to the request's own URL; that shows nowhere outside."""
    if "location" in response:
        return response["location"]
    return "" if seen is not None or status == 404 else None


def _only_when_seen(read: Callable[[Seen], Any]) -> Look:
    return lambda status, response, seen: None if seen is None else read(seen)


def _timeout(seen: Seen) -> str:
    milliseconds = dict(seen.fields)["x-envoy-expected-rq-timeout-ms"]
    return f"{int(milliseconds) // 1000}s"


# field of a check → what it looks like from outside; None when that cannot be seen
_LOOKS: dict[str, Look] = {
    "cluster_name": lambda status, response, seen: seen.upstream if seen else "",
    "virtual_cluster_name": lambda status, response, seen: response.get("x-told-cluster", "other") if seen else None,
    "virtual_host_name": lambda status, response, seen: response.get("x-told-host") if seen else None,
    "path_rewrite": _only_when_seen(lambda seen: seen.path),
    "host_rewrite": _only_when_seen(lambda seen: dict(seen.fields)["host"]),
    "path_redirect": _redirect,
    "code_redirect": lambda status, response, seen: status,
    "timeout": _only_when_seen(_timeout),
}
