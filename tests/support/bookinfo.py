"""Istio's bookinfo on one machine: its applications as small servers, a gateway and a sidecar, and rules for them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.support.corpora import CORPORA
from tests.support.mesh_processes import Caller, ControlPlaneProcess, MeshProxy, applications
from tulle.agent.addresses import free_port
from tulle.agent.bootstrap import ProxySettings

FOLDER = "istio/samples/bookinfo"
SAMPLES = CORPORA / FOLDER
SERVICES = SAMPLES / "platform" / "kube" / "bookinfo.yaml"
# service → the versions that run
VERSIONS = {
    "productpage": ("v1",),
    "details": ("v1", "v2"),
    "reviews": ("v1", "v2", "v3"),
    "ratings": ("v1", "v2", "v2-mysql", "v2-mysql-vm"),
}
APPS = tuple(f"{service}-{version}" for service, versions in VERSIONS.items() for version in versions)
SIDECAR = "127.7.0.2"
ISTIO = "networking.istio.io/v1"
GATEWAY_LABELS = {"istio": "ingressgateway"}


def rules(*names: str) -> str:
    """Files of networking/ as one text."""
    return "\n---\n".join((SAMPLES / "networking" / f"{name}.yaml").read_text() for name in names)


def own_services() -> str:
    """Services like those of the samples, for tests that need none of Istio's files."""
    return "---".join(
        f"""
{{apiVersion: v1, kind: Service, metadata: {{name: {service}, labels: {{app: {service}}}}},
 spec: {{ports: [{{port: 9080, name: http}}], selector: {{app: {service}}}}}}}
"""
        for service in VERSIONS
    )


def own_rules() -> str:
    """Subsets of each service, and a gateway to productpage."""
    found = []
    for service, versions in VERSIONS.items():
        subsets = ", ".join(f"{{name: {version}, labels: {{version: {version}}}}}" for version in versions)
        found.append(f"""
{{apiVersion: {ISTIO}, kind: DestinationRule, metadata: {{name: {service}}},
 spec: {{host: {service}, subsets: [{subsets}]}}}}
""")
    found.append(f"""
{{apiVersion: {ISTIO}, kind: Gateway, metadata: {{name: entry}},
 spec: {{selector: {{istio: ingressgateway}},
  servers: [{{port: {{number: 8080, name: http, protocol: HTTP}}, hosts: ['*']}}]}}}}
---
{{apiVersion: {ISTIO}, kind: VirtualService, metadata: {{name: entry}},
 spec: {{hosts: ['*'], gateways: [entry],
  http: [{{match: [{{uri: {{exact: /productpage}}}}],
          route: [{{destination: {{host: productpage, port: {{number: 9080}}}}}}]}}]}}}}
""")
    return "---".join(found)


def machine(app_ports: Mapping[str, int], gateway_port: int, inbound_port: int) -> str:
    """Where the workloads are: the sidecar stands before productpage, the others are called directly."""
    found = [
        f"""
{{apiVersion: v1, kind: Service, metadata: {{name: istio-ingressgateway, namespace: istio-system}},
 spec: {{ports: [{{port: 8080, name: http, targetPort: {gateway_port}}}], selector: {{istio: ingressgateway}}}}}}
""",
        f"""
{{apiVersion: {ISTIO}, kind: WorkloadEntry, metadata: {{name: gateway, namespace: istio-system}},
 spec: {{address: 127.0.0.1, labels: {{istio: ingressgateway}}}}}}
""",
        f"""
{{apiVersion: {ISTIO}, kind: Sidecar, metadata: {{name: productpage}},
 spec: {{workloadSelector: {{labels: {{app: productpage}}}},
  ingress: [{{port: {{number: {inbound_port}, protocol: HTTP, name: http}},
             defaultEndpoint: '127.0.0.1:{app_ports["productpage-v1"]}'}}], egress: [{{hosts: ['*/*']}}]}}}}
""",
    ]
    for service, versions in VERSIONS.items():
        for version in versions:
            port = app_ports[f"{service}-{version}"]
            address, number = (SIDECAR, inbound_port) if service == "productpage" else ("127.0.0.1", port)
            found.append(
                f"""
{{apiVersion: {ISTIO}, kind: WorkloadEntry, metadata: {{name: {service}-{version}}},
 spec: {{address: {address}, ports: {{http: {number}}}, labels: {{app: {service}, version: {version}}}}}}}
"""
            )
    return "---".join(found)


class Bookinfo:
    """The running mesh; use it as a context manager."""

    def __init__(
        self, folder: Path, engine: str, delta: bool = True, services: str = "", first_rules: str = ""
    ) -> None:
        """With `services` and `first_rules` of Istio's samples, or of our own where nothing is said."""
        self._folder = folder
        self._services = services or own_services()
        self._first_rules = first_rules or own_rules()
        self._engine = engine
        self._delta = delta
        self._stack = ExitStack()
        self.gateway_port = free_port()
        self.sidecar_port = free_port()  # where productpage calls others: an HTTP proxy
        self.proxies: list[MeshProxy] = []

    def __enter__(self) -> "Bookinfo":
        with ExitStack() as stack:
            ports = stack.enter_context(applications(APPS))
            config = self._folder / "config"
            config.mkdir()
            (config / "bookinfo.yaml").write_text(self._services)
            (config / "machine.yaml").write_text(machine(ports, self.gateway_port, free_port()))
            (config / "rules.yaml").write_text(self._first_rules)
            self.control_plane = ControlPlaneProcess(self._folder, free_port(), free_port())
            stack.callback(self._stop_control_plane)
            for settings in self._settings():
                proxy = self.start_proxy(self._folder, settings)
                stack.callback(proxy.stop)
                self.proxies.append(proxy)
            for proxy in self.proxies:
                proxy.wait_until_live()
            self.control_plane.wait_for_sync(len(self.proxies))
            self.sidecar = Caller(SIDECAR, self.sidecar_port)
            self.gateway = Caller("127.0.0.1", self.gateway_port)
            stack.callback(self.sidecar.close)
            stack.callback(self.gateway.close)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def _settings(self) -> Sequence[ProxySettings]:
        xds = self.control_plane.xds
        labels = {"app": "productpage", "version": "v1"}
        return (
            ProxySettings("router", "gateway", "127.0.0.1", xds, "istio-system", GATEWAY_LABELS, delta=self._delta),
            ProxySettings("sidecar", "productpage-v1", SIDECAR, xds, labels=labels, delta=self._delta),
        )

    def start_proxy(self, folder: Path, settings: ProxySettings) -> MeshProxy:
        """A proxy of the mesh; who starts it ends it."""
        return MeshProxy(folder, self._engine, settings, {"HTTP_PROXY_PORT": str(self.sidecar_port)})

    def _stop_control_plane(self) -> None:
        self.control_plane.stop()

    def replace_control_plane(self, fresh: ControlPlaneProcess) -> None:
        """Notes the control plane that stands in the place of one that was ended."""
        self.control_plane = fresh

    def add_proxy(self, fresh: MeshProxy) -> None:
        """Notes a proxy that was started later."""
        self._stack.callback(fresh.stop)
        self.proxies.append(fresh)

    def apply(self, *names: str) -> None:
        """Puts rules in the place of those in force."""
        self.control_plane.apply("rules.yaml", rules(*names))

    def count(self, service: str, requests: int, **headers: str) -> Counter[str]:
        """Which application answered calls of productpage to a service, or the status when none did."""
        found: Counter[str] = Counter()
        for _ in range(requests):
            status, seen = self.sidecar.ask(f"{service}:9080", "/", **headers)
            found[str(seen["app"]) if status == 200 else str(status)] += 1
        return found

    def rejected(self) -> dict[str, int]:
        """What proxies refused so far, by the name of its counter."""
        return {
            f"{proxy.name} {name}": value
            for proxy in self.proxies
            for name, value in proxy.stats("update_rejected").items()
            if value
        }
