"""The demo mesh: what it consists of, its rules, and how its traffic is measured."""

import asyncio
import json
import os
import sys
from collections import Counter
from itertools import islice
from pathlib import Path

import msgspec

from tulle.agent.addresses import free_addresses, free_port
from tulle.agent.bootstrap import HTTP_PROXY_PORT, ProxySettings, sidecar_settings
from tulle.agent.process import Command
from tulle.agent.workload import Workload, registration
from tulle.cli.demo.calls import Answer, call
from tulle.cli.demo.services import Instance, Plan
from tulle.cli.mesh.local_mesh import LocalMesh, write_resources

PORT = 9080
VERSIONS = {"shop": ("v1",), "catalog": ("v1",), "users": ("v1",), "ratings": ("v1",), "reviews": ("v1", "v2", "v3")}
GATEWAY_LABELS = {"istio": "ingressgateway"}
NETWORKING = "networking.istio.io/v1"


def plan_workloads() -> list[Workload]:
    """One workload for each version of each service, with an address of its own."""
    names = [(service, version) for service, versions in VERSIONS.items() for version in versions]
    addresses = islice(free_addresses((), (PORT, HTTP_PROXY_PORT)), len(names))
    return [
        Workload(service, address, PORT, free_port(), version)
        for (service, version), address in zip(names, addresses, strict=True)
    ]


def services_plan(workloads: list[Workload]) -> Plan:
    """What the process of all services is told."""
    instances = tuple(
        Instance(item.service, item.version, item.app_port, item.address, HTTP_PROXY_PORT) for item in workloads
    )
    return Plan(os.getpid(), PORT, instances)


def gateway_resources(listen_port: int) -> list[dict[str, object]]:
    """The gateway's Service (port 80, its proxy listens at `listen_port`), its workload, and the way to the shop."""
    where = {"name": "istio-ingressgateway", "namespace": "istio-system", "labels": GATEWAY_LABELS}
    port = {"name": "http", "port": 80, "targetPort": listen_port, "appProtocol": "http"}
    server = {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["*"]}
    route = {"route": [{"destination": {"host": "shop", "port": {"number": PORT}}}]}
    return [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": where,
            "spec": {"ports": [port], "selector": GATEWAY_LABELS},
        },
        {
            "apiVersion": NETWORKING,
            "kind": "WorkloadEntry",
            "metadata": where,
            "spec": {"address": "127.0.0.1", "labels": GATEWAY_LABELS},
        },
        {
            "apiVersion": NETWORKING,
            "kind": "Gateway",
            "metadata": {"name": "gateway", "namespace": "default"},
            "spec": {"selector": GATEWAY_LABELS, "servers": [server]},
        },
        {
            "apiVersion": NETWORKING,
            "kind": "VirtualService",
            "metadata": {"name": "shop", "namespace": "default"},
            "spec": {"hosts": ["*"], "gateways": ["gateway"], "http": [route]},
        },
    ]


def reviews_rules(weights: dict[str, int], by_user: dict[str, str]) -> list[dict[str, object]]:
    """Weights for the versions of reviews, and a version for some users (Istio's bookinfo rules)."""
    subsets = [{"name": version, "labels": {"version": version}} for version in VERSIONS["reviews"]]
    users = [
        {
            "match": [{"headers": {"end-user": {"exact": user}}}],
            "route": [{"destination": {"host": "reviews", "subset": version}}],
        }
        for user, version in by_user.items()
    ]
    shares = [
        {"destination": {"host": "reviews", "subset": version}, "weight": weight} for version, weight in weights.items()
    ]
    metadata = {"name": "reviews", "namespace": "default"}
    return [
        {
            "apiVersion": NETWORKING,
            "kind": "DestinationRule",
            "metadata": metadata,
            "spec": {"host": "reviews", "subsets": subsets},
        },
        {
            "apiVersion": NETWORKING,
            "kind": "VirtualService",
            "metadata": metadata,
            "spec": {"hosts": ["reviews"], "http": [*users, {"route": shares}]},
        },
    ]


class DemoMesh:
    """The running demo."""

    def __init__(self, folder: Path, group: asyncio.TaskGroup, engine: str) -> None:
        self.mesh = LocalMesh(folder, group, self._log)
        self.rules = folder / "rules"
        self.lines: list[str] = []
        self.gateway_port = 0
        self._engine = engine

    def _log(self, line: str) -> None:
        self.lines = [*self.lines[-199:], line]
        if "error TUL" in line or line.startswith((">", "the last good")):
            print(line, file=sys.stderr)

    async def start(self) -> None:
        """Starts control plane, services, sidecars and gateway, and waits until all are ready."""
        self.rules.mkdir(parents=True)
        self.mesh.registrations.mkdir(parents=True)
        workloads = plan_workloads()
        self.gateway_port = free_port(wanted=8080)
        for workload in workloads:
            path = self.mesh.registrations / f"{workload.unique_name}.yaml"
            write_resources(path, registration(workload))
        write_resources(self.rules / "gateway.yaml", gateway_resources(self.gateway_port))
        self.apply({"v1": 100}, {})
        await self.mesh.start_control_plane([str(self.rules)])
        plan = self.mesh.folder / "services.json"
        plan.write_bytes(msgspec.json.encode(services_plan(workloads)))
        arguments = [sys.executable, "-m", "tulle.cli.demo.services", str(plan)]
        await self.mesh.start_application(Command("services", arguments, log=self._log))
        settings = [sidecar_settings(workload, self.mesh.xds_address) for workload in workloads]
        gateway = ProxySettings("router", "gateway", "127.0.0.1", self.mesh.xds_address, "istio-system", GATEWAY_LABELS)
        async with asyncio.TaskGroup() as group:
            for number, item in enumerate([*settings, gateway]):
                group.create_task(self.mesh.start_proxy(item, self._engine_of(number)))

    def _engine_of(self, number: int) -> str:
        """`mixed` gives every second proxy to each engine."""
        return ("tulle", "envoy")[number % 2] if self._engine == "mixed" else self._engine

    def apply(self, weights: dict[str, int], by_user: dict[str, str]) -> None:
        """Writes the rules for reviews; the control plane sees them by itself."""
        write_resources(self.rules / "reviews.yaml", reviews_rules(weights, by_user))

    def ask(self, headers: dict[str, str]) -> Answer:
        """One request to the shop, through the gateway."""
        return call(("127.0.0.1", self.gateway_port), "/?as=json", {"host": "shop.example", **headers})

    async def measure(self, requests: int, headers: dict[str, str]) -> Counter[str]:
        """Which version of reviews answered, over so many requests, eight at a time; other answers by status."""
        found: Counter[str] = Counter()
        limit = asyncio.Semaphore(8)

        async def one() -> None:
            async with limit:
                answer = await asyncio.to_thread(self.ask, headers)
            parts = answer.json().get("parts")
            reviews = parts.get("reviews", {}) if isinstance(parts, dict) else {}
            found[str(reviews.get("version") or f"status {reviews.get('status', answer.status)}")] += 1

        async with asyncio.TaskGroup() as group:
            for _ in range(requests):
                group.create_task(one())
        return found

    async def wait_for(self, version: str, headers: dict[str, str], timeout_s: float = 10.0) -> float:
        """Seconds until a request is answered by `version`; TimeoutError when it is not."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with asyncio.timeout(timeout_s):
            while (await self.measure(1, headers))[version] == 0:
                await asyncio.sleep(0.02)
        return loop.time() - began


def shares(found: Counter[str]) -> dict[str, float]:
    """Percent of each version."""
    total = sum(found.values()) or 1
    return {name: round(100 * count / total, 1) for name, count in sorted(found.items())}


def as_json(results: list[dict[str, object]]) -> str:
    """The results of the lessons for machines."""
    return json.dumps({"lessons": results, "passed": all(item["passed"] for item in results)}, indent=2)
