"""Envoy's route checks (test/tools/router_check): its files read, its questions put to our route table."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tulle.foundation.errors import InvalidInput
from tulle.protos.messages import HeaderMatcher, RouteConfiguration
from tulle.protos.reading import parse_message
from tulle.proxy.headers import Headers
from tulle.proxy.router.build_table import build_route_table
from tulle.proxy.router.conditions import build_header_conditions
from tulle.proxy.router.filter_configs import NoFilterConfigs
from tulle.proxy.router.redirects import same_location
from tulle.proxy.router.route import DIRECT_RESPONSE, FORWARD, Route
from tulle.proxy.router.route_table import RouteTable
from tulle.proxy.telemetry.stream_info import StreamInfo

FOLDER = Path("envoy/test/tools/router_check/test/config")
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one check of one file came out: `pass`, `fail` or `unsupported`, with the reason."""

    file: str
    test: str
    outcome: str
    reason: str = ""


def run_router_checks(corpora: Path) -> list[Verdict]:
    """All checks of the corpus; those of `…Failures` files are meant to fail, and pass when they do."""
    verdicts: list[Verdict] = []
    for golden in sorted((corpora / FOLDER).glob("*.golden.proto.*")):
        if golden.suffix == ".pb_text":
            continue  # the same checks stand beside it as JSON
        name = golden.name.partition(".")[0]
        config = golden.with_name(f"{name.removesuffix('Failures')}.yaml")
        verdicts.extend(_run_file(golden, config, name.endswith("Failures")))
    return verdicts


def _run_file(golden: Path, config: Path, meant_to_fail: bool) -> Iterator[Verdict]:
    tests = yaml.safe_load(golden.read_text().replace("\t", " "))["tests"]
    document = _with_json_durations(yaml.safe_load(config.read_text()))
    try:
        table = build_route_table(parse_message(RouteConfiguration, document), NoFilterConfigs())
    except InvalidInput as error:
        for test in tests:
            yield Verdict(golden.name, test["test_name"], "unsupported", str(error))
        return
    for test in tests:
        name = test["test_name"]
        if _needs_runtime(document, test["input"]):
            yield Verdict(golden.name, name, "unsupported", "asks for the tool's fake runtime")
            continue
        problems = _check(table, test["input"], test["validate"])
        right = bool(problems) == meant_to_fail
        yield Verdict(golden.name, name, "pass" if right else "fail", "; ".join(problems))


def _with_json_durations(node: Any) -> Any:
    """`{seconds: 30}`, which Envoy takes for a duration, as `30s`."""
    if isinstance(node, dict):
        if node and set(node) <= {"seconds", "nanos"}:
            return f"{node.get('seconds', 0) + node.get('nanos', 0) / 1e9:g}s"
        return {key: _with_json_durations(value) for key, value in node.items()}
    return [_with_json_durations(item) for item in node] if isinstance(node, list) else node


def _needs_runtime(document: Json, question: Json) -> bool:
    """The tool takes a runtime key for off unless the check names it, and 0 for a random value that always hits."""
    uses = any("runtime_fraction" in route["match"] for host in document["virtual_hosts"] for route in host["routes"])
    return uses and not ("runtime" in question and question.get("random_value"))


def _request(question: Json) -> Headers:
    scheme = b"https" if question.get("ssl") else b"http"
    headers = Headers.of(
        [
            (b":method", question["method"].encode()),
            (b":path", question["path"].encode()),
            (b":scheme", scheme),
            (b":authority", question["authority"].encode()),
            (b"x-forwarded-proto", scheme),
        ]
    )
    if question.get("internal"):
        headers[b"x-envoy-internal"] = b"true"
    for extra in question.get("additional_request_headers", ()):
        headers.add(extra["key"].lower().encode(), extra["value"].encode())
    return headers


def _check(table: RouteTable, question: Json, wanted: Json) -> list[str]:
    request = _request(question)
    info = StreamInfo()
    info.downstream_remote = "127.0.0.1:40000"
    info.request_headers = request
    random_value = question.get("random_value", 0)
    route = table.match(request, info, random_value)
    response = Headers.of(
        (extra["key"].lower().encode(), extra["value"].encode())
        for extra in question.get("additional_response_headers", ())
    )
    found = _answers(route, request, response, info, random_value)
    matched = {"request_header_matches": request, "response_header_matches": response}
    problems = [
        f"{key}: wanted {value!r}, got {found.get(key)!r}"
        for key, value in wanted.items()
        if key not in matched and found.get(key) != value
    ]
    for key, headers in matched.items():
        problems.extend(f"{key}[{at}] does not hold" for at in _unmet(wanted.get(key, ()), headers))
    return problems


def _answers(
    route: Route | None, request: Headers, response: Headers, info: StreamInfo, random_value: int
) -> dict[str, object]:
    """What the tool calls by the names that stand under `validate`."""
    found: dict[str, object] = dict.fromkeys(
        ("cluster_name", "virtual_cluster_name", "virtual_host_name", "host_rewrite", "path_rewrite", "path_redirect"),
        "",
    )
    if route is None:
        return found
    if route.kind == FORWARD:
        has_clusters = route.virtual_host.virtual_clusters is not None
        found["virtual_cluster_name"] = route.virtual_cluster(request) or ("other" if has_clusters else "")
        found["virtual_host_name"] = route.virtual_host_name
        found["timeout"] = f"{route.timeout_s:g}s"
        choice = route.pick_cluster(request, random_value)
        if choice is not None:
            found["cluster_name"] = choice.cluster_name
            if choice.request_edit is not None:
                choice.request_edit.apply(request, info)
        found["host_rewrite"] = request[b":authority"].decode()
        found["path_rewrite"] = request[b":path"].decode()
    else:
        _answer_directly(route, request, response, info, found)
    if route.response_edit is not None:
        route.response_edit.apply(response, info)
    return found


def _answer_directly(
    route: Route, request: Headers, response: Headers, info: StreamInfo, found: dict[str, object]
) -> None:
    redirect = route.redirect(request, info)
    if redirect is not None:
        found["path_redirect"] = redirect.location.decode()
        found["code_redirect"] = redirect.status
    elif route.kind == DIRECT_RESPONSE and route.direct_response is not None:
        found["path_redirect"] = same_location(request, info).decode()
        found["code_redirect"] = route.direct_response.status
        if route.direct_response.body:
            # The tool sets these before the route's own headers; the proxy, like Envoy's, does so after them.
            response[b"content-length"] = b"%d" % len(route.direct_response.body)
            response[b"content-type"] = b"text/plain"


def _unmet(matchers: Any, headers: Headers) -> Iterator[int]:
    for at, matcher in enumerate(matchers):
        condition = build_header_conditions([parse_message(HeaderMatcher, matcher)], "", [])[0]
        if not condition.holds(headers):
            yield at
