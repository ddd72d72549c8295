"""The demo mesh: what it consists of, its rules as files, and requests to it."""

import asyncio
import os
import sys
import time
from collections import Counter
from collections.abc import Mapping
from functools import partial
from itertools import islice

import msgspec

from tulle.agent.addresses import free_addresses, free_port, free_ports
from tulle.agent.bootstrap import HTTP_PROXY_PORT, sidecar_settings
from tulle.agent.engines import engine_of
from tulle.agent.process import Command
from tulle.agent.registrations import register, write_resources
from tulle.agent.workload import INBOUND_PORT, Workload
from tulle.cli.demo.calls import Answer, call
from tulle.cli.demo.lesson import VERSIONS, Lesson
from tulle.cli.demo.services import Instance, Plan
from tulle.cli.demo.traffic import headers_of, read_answer
from tulle.cli.mesh.application import wait_until_open
from tulle.cli.mesh.gateway import NETWORKING, gateway_resource, gateway_settings, gateway_workload
from tulle.cli.mesh.session import Session
from tulle.cli.output import show_log

PORT = 9080
GATEWAY_PORT = 8080
SERVICES: dict[str, tuple[str, ...]] = {
    "shop": ("v1",),
    "catalog": ("v1",),
    "users": ("v1",),
    "reviews": VERSIONS,
    "ratings": ("v1",),
}
_AT_ONCE = 8


def plan_workloads() -> list[Workload]:
    """One workload for each version of each service, with an address of its own."""
    names = [(service, version) for service, versions in SERVICES.items() for version in versions]
    addresses = islice(free_addresses((), (INBOUND_PORT, HTTP_PROXY_PORT)), len(names))
    return [
        Workload(service, address, PORT, port, version)
        for (service, version), address, port in zip(names, addresses, free_ports(len(names)), strict=True)
    ]


def services_plan(workloads: list[Workload]) -> Plan:
    """What the process of all services is told."""
    instances = tuple(
        Instance(item.service, item.version, item.app_port, item.address, HTTP_PROXY_PORT) for item in workloads
    )
    return Plan(os.getpid(), PORT, instances)


def base_resources(listen_port: int) -> list[dict[str, object]]:
    """What every lesson stands on: the way from the gateway to the shop, and the versions of reviews as subsets."""
    route = {"route": [{"destination": {"host": "shop", "port": {"number": PORT}}}]}
    subsets = [{"name": version, "labels": {"version": version}} for version in VERSIONS]
    return [
        *gateway_workload(80, listen_port),
        gateway_resource("default", 80, ["*"]),
        {
            "apiVersion": NETWORKING,
            "kind": "VirtualService",
            "metadata": {"name": "shop", "namespace": "default"},
            "spec": {"hosts": ["*"], "gateways": ["gateway"], "http": [route]},
        },
        {
            "apiVersion": NETWORKING,
            "kind": "DestinationRule",
            "metadata": {"name": "reviews", "namespace": "default"},
            "spec": {"host": "reviews", "subsets": subsets},
        },
    ]


def _say_services_ended(code: int, pause_s: float) -> None:
    show_log("services", f"ended with {code}; starting again in {pause_s:.1f} s")


class DemoMesh:
    """The running demo."""

    def __init__(self, session: Session, engine: str) -> None:
        self.session = session
        self.mesh = session.mesh
        self.rules = session.folder / "rules"
        self.engine = engine
        self.gateway_port = 0

    async def start(self, first: Lesson) -> None:
        """Starts control plane, services, sidecars and gateway, and waits until all are ready."""
        self.rules.mkdir(parents=True)
        self.mesh.registrations.mkdir(parents=True)
        workloads = plan_workloads()
        self.gateway_port = free_port(wanted=GATEWAY_PORT)
        for workload in workloads:
            register(self.mesh.registrations, workload)
        write_resources(self.mesh.registrations / "demo.yaml", base_resources(self.gateway_port))
        self.write_rules(first.files)
        plan = self.mesh.folder / "services.json"
        plan.write_bytes(msgspec.json.encode(services_plan(workloads)))
        arguments = [sys.executable, "-m", "tulle.cli.demo.services", str(plan)]
        self.mesh.start(Command("services", arguments, log=partial(show_log, "services"), ended=_say_services_ended))
        await self.mesh.start_control_plane([str(self.rules)])
        settings = [sidecar_settings(workload, self.mesh.xds_address) for workload in workloads]
        async with asyncio.TaskGroup() as group:
            for number, item in enumerate([*settings, gateway_settings(self.mesh.xds_address)]):
                group.create_task(self.mesh.start_proxy(item, engine_of(self.engine, number)))
            for workload in workloads:
                group.create_task(wait_until_open(workload.app_port, timeout_s=20.0))

    def write_rules(self, files: Mapping[str, str]) -> float:
        """Makes `files` all that there is of rules; when that was. The control plane sees them by itself."""
        now = time.time()
        for path in self.rules.glob("*.yaml"):
            if path.name not in files:
                path.unlink()
        for name, text in files.items():
            fresh = self.rules / f".{name}.fresh"
            fresh.write_text(text)
            fresh.replace(self.rules / name)
        return now

    def edited_at(self, files: Mapping[str, str]) -> float | None:
        """When somebody else changed the rules last; None when they are as `files` say."""
        edited = [path for path in self.rules.glob("*.yaml") if files.get(path.name) != path.read_text()]
        if edited:
            return max(path.stat().st_mtime for path in edited)
        return None if all((self.rules / name).exists() for name in files) else self.rules.stat().st_mtime

    def ask(self, user: str, product: int) -> Answer:
        """One request to the shop, through the gateway."""
        headers = {"host": "shop.example", **headers_of(user)}
        return call(("127.0.0.1", self.gateway_port), f"/?as=json&product={product}", headers)

    async def measure(self, requests: int, user: str) -> Counter[str]:
        """Which version of reviews answered so many requests, or the status that came instead."""
        found: Counter[str] = Counter()
        limit = asyncio.Semaphore(_AT_ONCE)

        async def one() -> None:
            async with limit:
                answer = await asyncio.to_thread(self.ask, user, 0)
            found[read_answer(answer, 0.0, user, 0, 0.0).answer] += 1

        async with asyncio.TaskGroup() as group:
            for _ in range(requests):
                group.create_task(one())
        return found
