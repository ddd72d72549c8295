"""From the bootstrap file to the word that it is good."""

from pathlib import Path

import pytest

from tulle.foundation.errors import InvalidInput
from tulle.proxy.server.options import ProxyOptions
from tulle.proxy.start import load_bootstrap, start_proxy, validate_proxy

GOOD = """
node: {id: n, cluster: c}
admin: {address: {socket_address: {address: 127.0.0.1, port_value: 0}}}
static_resources:
  clusters:
  - name: app
    load_assignment:
      cluster_name: app
      endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: 1}}}}]}]
  listeners:
  - name: in
    address: {socket_address: {address: 127.0.0.1, port_value: 0}}
    filter_chains:
    - filters:
      - name: http
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: t
          route_config:
            virtual_hosts: [{name: v, domains: ["*"], routes: [{match: {prefix: /}, route: {cluster: app}}]}]
          http_filters:
          - name: router
            typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}
"""


def options(folder: Path, text: str, **more: str) -> ProxyOptions:
    path = folder / "b.yaml"
    path.write_text(text)
    return ProxyOptions(str(path), **more)  # type: ignore[arg-type]


def problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        validate_proxy(options(folder, text))
    return [str(problem) for problem in caught.value.problems]


def test_a_good_file_is_good(tmp_path: Path) -> None:
    validate_proxy(options(tmp_path, GOOD))


def test_options_say_who_the_node_is(tmp_path: Path) -> None:
    node = load_bootstrap(options(tmp_path, GOOD)).proto.node
    assert (node.id, node.cluster) == ("n", "c")
    node = load_bootstrap(options(tmp_path, GOOD, service_node="m", service_cluster="d")).proto.node
    assert (node.id, node.cluster) == ("m", "d")
    assert node.user_agent_name


def test_what_cannot_be_built_is_named_with_its_place(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, GOOD.replace("http.router.v3.Router}", "listener.tls_inspector.v3.TlsInspector}"))
    assert "b.yaml:" in problem
    assert "static_resources.listeners[0].filter_chains[0].filters[0].typed_config.http_filters[0]" in problem


def test_a_route_to_nowhere_is_named(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, GOOD.replace("route: {cluster: app}", "route: {cluster: missing}"))
    assert "unknown cluster 'missing'" in problem


def test_names_stand_once(tmp_path: Path) -> None:
    again = GOOD.replace("  listeners:", "  - {name: app, connect_timeout: 1s}\n  listeners:")
    found = problems(tmp_path, again)
    assert any("app stands here twice" in problem and "clusters[1]" in problem for problem in found)


def test_all_is_told_at_once(tmp_path: Path) -> None:
    bad = GOOD.replace("stat_prefix: t", "stat_prefix: ''").replace(
        "- name: app\n", "- name: app\n    preconnect_policy: {}\n"
    )
    assert len(problems(tmp_path, bad)) >= 2


def test_a_bad_file_starts_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[str] = []

    class Pool:
        def __init__(self, concurrency: int, run: object) -> None:
            self.pool = self

        def end(self) -> None:
            ended.append("ended")

    monkeypatch.setattr("tulle.proxy.start.LatePool", Pool)
    monkeypatch.setattr("tulle.proxy.start.gc.freeze", lambda: None)
    with pytest.raises(InvalidInput):
        start_proxy(options(tmp_path, GOOD.replace("cluster: app}", "cluster: missing}")), 0.0)
    assert ended == ["ended"]


def test_a_good_file_is_served_with_what_workers_must_know(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[object] = []

    class Pool:
        def __init__(self, concurrency: int, run: object) -> None:
            self.pool = self

    def serve(start: object, pool: object) -> int:
        served.append(start)
        return 7

    monkeypatch.setattr("tulle.proxy.start.LatePool", Pool)
    monkeypatch.setattr("tulle.proxy.start.gc.freeze", lambda: None)
    monkeypatch.setattr("tulle.proxy.start.serve", serve)
    assert start_proxy(options(tmp_path, GOOD), 0.0) == 7
    (start,) = served
    assert start.settings == {"concurrency": 1, "node_id": "n", "node_cluster": "c", "drain_time_s": 600}  # type: ignore[attr-defined]
