"""Istio's bookinfo, with its own files: read, checked, taken by the real Envoy, and obeyed by the traffic."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.support.bookinfo import APPS, FOLDER, SAMPLES, SERVICES, SIDECAR, Bookinfo, machine, rules
from tests.support.corpora import needs
from tests.support.engines import ENGINES
from tests.support.envoy_validation import complaints, static_bootstrap
from tests.support.mesh_processes import MeshProxy, get
from tulle.agent.addresses import free_port
from tulle.agent.bootstrap import ProxySettings
from tulle.api.loading import load_text
from tulle.cli.main import main
from tulle.controlplane.config.store import state_of
from tulle.controlplane.push.context import PushContext, build_context
from tulle.controlplane.push.node import Node

pytestmark = [pytest.mark.envoy, pytest.mark.processes, needs(FOLDER)]

FILES = sorted(SAMPLES.rglob("*.yaml"))
NETWORKING = sorted(file.stem for file in (SAMPLES / "networking").glob("*.yaml"))
# What these files say and Tulle does not do yet: it must be told, once for each field.
NOT_HONOURED = {
    "destination-rule-all-mtls": ["spec.trafficPolicy.tls"] * 4,
    "egress-rule-google-apis": ["spec.trafficPolicy.portLevelSettings[0].tls"],
}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_file_loads_and_what_is_not_done_is_told(file: Path) -> None:
    result = load_text(file.read_text(), file.name)
    assert [str(item) for item in result.problems if item.severity == "error"] == []
    unheeded = [item.path for item in result.problems if item.code == "TUL0102"]
    assert unheeded == NOT_HONOURED.get(file.stem, [])
    told = {item.code for item in result.problems} - {"TUL0102"}
    assert told <= {"TUL0004", "TUL0005"}  # kinds of others, and kinds that are not supported yet


def context_with(*names: str) -> PushContext:
    """Bookinfo with rules, on a machine that does not exist."""
    places = machine(dict.fromkeys(APPS, 9999), 8080, 9080)
    text = "\n---\n".join([SERVICES.read_text(), places, rules(*names)])
    return build_context(state_of(load_text(text, "bookinfo.yaml").resources))


NODES = {
    "gateway": Node("g", "router", ("127.0.0.1",), "istio-system", {"istio": "ingressgateway"}),
    "captured": Node("c", ip_addresses=("127.0.0.1",)),
    "explicit": Node("e", ip_addresses=("127.7.0.2",), labels={"app": "productpage"}, interception_mode="NONE"),
}


@pytest.mark.parametrize("node", NODES)
@pytest.mark.parametrize("name", NETWORKING)
def test_the_real_envoy_takes_every_resource_that_is_made(tmp_path: Path, name: str, node: str) -> None:
    context = context_with(*dict.fromkeys(["bookinfo-gateway", name]))
    assert complaints(tmp_path, static_bootstrap(NODES[node], context)) == ""


def test_a_resource_that_is_wrong_would_be_seen(tmp_path: Path) -> None:
    bootstrap = static_bootstrap(NODES["explicit"], context_with("bookinfo-gateway"))
    bootstrap["static_resources"]["clusters"][1]["connect_timeout"] = "-1s"
    assert "Invalid duration" in complaints(tmp_path, bootstrap)


@pytest.fixture(scope="module", params=[(engine, delta) for engine in ENGINES for delta in (True, False)],
                ids=lambda found: f"{found[0]}-{'delta' if found[1] else 'sotw'}")  # fmt: skip
def bookinfo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bookinfo]:
    """The mesh, running; nothing may be refused in it, whatever the tests did."""
    engine, delta = request.param
    first_rules = rules("destination-rule-all", "bookinfo-gateway")
    folder = tmp_path_factory.mktemp("bookinfo")
    with Bookinfo(folder, engine, delta, SERVICES.read_text(), first_rules) as mesh:
        yield mesh
        assert mesh.rejected() == {}


def about(share: float) -> object:
    """A share of 300 requests; five standard deviations wide."""
    return pytest.approx(300 * share, abs=5 * (300 * share * (1 - share)) ** 0.5)


def test_without_rules_all_versions_answer(bookinfo: Bookinfo) -> None:
    assert set(bookinfo.count("reviews", 60)) == {"reviews-v1", "reviews-v2", "reviews-v3"}
    assert set(bookinfo.count("details.default.svc.cluster.local", 40)) == {"details-v1", "details-v2"}


SHARES = [
    ("virtual-service-reviews-80-20", {"reviews-v1": 0.8, "reviews-v2": 0.2}),
    ("virtual-service-reviews-v2-v3", {"reviews-v2": 0.5, "reviews-v3": 0.5}),
]


@pytest.mark.parametrize(("rule", "shares"), SHARES)
def test_weights_split_the_traffic(bookinfo: Bookinfo, rule: str, shares: Mapping[str, float]) -> None:
    bookinfo.apply("bookinfo-gateway", "destination-rule-all", rule)
    assert dict(bookinfo.count("reviews", 300)) == {name: about(share) for name, share in shares.items()}


# rule → (service, header end-user) → the version that answers
VERSION_RULES = {
    "virtual-service-reviews-test-v2": {
        ("reviews", ""): "reviews-v1",
        ("reviews", "jason"): "reviews-v2",
        ("reviews", "jasonx"): "reviews-v1",
    },
    "virtual-service-ratings-test-abort": {("ratings", ""): "ratings-v1", ("ratings", "jason"): "500"},
    "virtual-service-ratings-db": {("reviews", ""): "reviews-v3", ("ratings", ""): "ratings-v2"},
    "virtual-service-ratings-mysql-vm": {("reviews", ""): "reviews-v3", ("ratings", ""): "ratings-v2-mysql-vm"},
}


@pytest.mark.parametrize("rule", VERSION_RULES)
def test_a_rule_picks_the_version(bookinfo: Bookinfo, rule: str) -> None:
    bookinfo.apply("bookinfo-gateway", "destination-rule-all", rule)
    for (service, user), version in VERSION_RULES[rule].items():
        headers = {"end_user": user} if user else {}
        assert bookinfo.count(service, 10, **headers) == {version: 10}


def test_a_file_of_rules_may_bring_its_own_subsets(bookinfo: Bookinfo) -> None:
    bookinfo.apply("bookinfo-gateway", "fault-injection-details-v1")
    assert bookinfo.count("details", 10) == {"555": 10}


GATEWAY_PATHS = {
    "/productpage": 200,
    "/productpage?u=normal": 200,
    "/productpage/": 404,
    "/static/bootstrap.css": 200,
    "/login": 200,
    "/logout": 200,
    "/api/v1/products/0/reviews": 200,
    "/api/v2": 404,
    "/": 404,
}


def test_the_gateway_lets_in_what_its_rule_names(bookinfo: Bookinfo) -> None:
    bookinfo.apply("bookinfo-gateway", "destination-rule-reviews")
    found = {path: bookinfo.gateway.ask("bookinfo.example", path) for path in GATEWAY_PATHS}
    assert {path: status for path, (status, _) in found.items()} == GATEWAY_PATHS
    assert {seen["app"] for _, seen in found.values() if seen} == {"productpage-v1"}
    assert found["/productpage?u=normal"][1]["path"] == "/productpage?u=normal"


def test_a_captured_sidecar_takes_all_over_ads(bookinfo: Bookinfo, tmp_path: Path) -> None:
    inbound, outbound = free_port(), free_port()
    ports = f"proxyListenPort: {outbound}, proxyInboundListenPort: {inbound}"
    mesh = f"{{apiVersion: mesh.istio.io/v1alpha1, kind: MeshConfig, metadata: {{name: mesh}}, spec: {{{ports}}}}}"
    plane = bookinfo.control_plane
    plane.apply("mesh.yaml", mesh)
    settings = ProxySettings("sidecar", "captured", "127.0.0.1", plane.xds)
    proxy = MeshProxy(tmp_path, "envoy", settings, {"INTERCEPTION_MODE": "REDIRECT"})
    try:
        proxy.wait_until_live()
        plane.wait_for_sync(3)
        assert not any(proxy.stats("update_rejected").values())
        assert proxy.stats("^listener_manager.total_listeners_active$")["listener_manager.total_listeners_active"] >= 3
    finally:
        proxy.stop()


def tulle(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[list[str]]:
    """The cells of what a command prints."""
    with pytest.raises(SystemExit) as caught:
        main(list(arguments))
    captured = capsys.readouterr()
    assert not caught.value.code, captured.err
    return [re.split("  +", line) for line in captured.out.splitlines()]


def test_what_a_proxy_has_is_shown_with_the_resource_that_it_comes_from(
    bookinfo: Bookinfo, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    bookinfo.apply("bookinfo-gateway", "destination-rule-all", "virtual-service-reviews-80-20")
    gateway, sidecar = bookinfo.proxies
    plane = bookinfo.control_plane.admin
    routes = tulle(capsys, "proxy-config", "route", gateway.admin)
    assert [line[3:5] for line in routes if line[0] == "http.8080"][:2] == [
        ["/productpage", "bookinfo.default"],
        ["/static*", "bookinfo.default"],
    ]
    clusters = tulle(capsys, "proxy-config", "cluster", sidecar.admin)
    host = "reviews.default.svc.cluster.local"
    assert [host, "9080", "v2", "outbound", "EDS", "reviews.default"] in clusters
    endpoints = tulle(capsys, "proxy-config", "endpoint", sidecar.admin)
    assert [line[1:] for line in endpoints if line[-1] == f"outbound|9080|v2|{host}"] == [
        ["HEALTHY", "OK", f"outbound|9080|v2|{host}"]
    ]
    listeners = tulle(capsys, "proxy-config", "listener", sidecar.admin)
    assert [SIDECAR, str(bookinfo.sidecar_port), "ALL", "Route: http_proxy"] in listeners
    dump = tmp_path / "dump.json"
    dump.write_text(get(f"{sidecar.admin}/config_dump?include_eds"))
    assert tulle(capsys, "proxy-config", "cluster", "--file", str(dump)) == clusters
    # The control plane has the same for it, but for the clusters of the bootstrap.
    planned = tulle(capsys, "proxy-config", "cluster", "productpage", "--control-plane", plane)
    assert [line for line in clusters if line[0] != "xds-grpc"] == planned


def test_what_each_proxy_took_is_shown(bookinfo: Bookinfo, capsys: pytest.CaptureFixture[str]) -> None:
    bookinfo.control_plane.wait_for_sync(2)
    plane = ("--control-plane", bookinfo.control_plane.admin)
    overview = tulle(capsys, "proxy-status", *plane)
    assert [line[1:] for line in overview] == [["CDS", "EDS", "LDS", "RDS"], *[["SYNCED"] * 4] * 2]
    resources = tulle(capsys, "proxy-status", "productpage", *plane)
    assert {line[2] for line in resources[2:]} == {"SYNCED"}
    assert all(line[3] == line[4] for line in resources[2:])
