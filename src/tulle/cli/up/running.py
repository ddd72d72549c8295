"""A mesh from `tulle.yaml`, running: control plane, sidecars, gateway, applications, and the echo of changes."""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from tulle.agent.addresses import free_addresses, free_port, free_ports
from tulle.agent.bootstrap import sidecar_settings
from tulle.agent.engines import engine_of
from tulle.agent.registrations import register, write_resources
from tulle.agent.workload import INBOUND_PORT, registration
from tulle.cli.mesh.application import PATIENCE_S, Application, ApplicationCommand
from tulle.cli.mesh.gateway import gateway_settings, gateway_workload
from tulle.cli.mesh.in_force import wait_until_in_force
from tulle.cli.mesh.local_mesh import CONTROL_PLANE
from tulle.cli.mesh.session import Session
from tulle.cli.output import heading, print_prefixed, progress, waiting
from tulle.cli.up.changes import echo_changes
from tulle.cli.up.mesh_file import MeshFile, configured_paths, missing_paths
from tulle.cli.up.plan import (
    Place,
    PlannedApplication,
    count_processes,
    external_resources,
    gateway_rules,
    plan_applications,
    sidecar_ports,
)
from tulle.controlplane.config.file_source import read_files


def plan_with_free_places(mesh_file: MeshFile) -> list[PlannedApplication]:
    """The applications at addresses and ports that are free now."""
    addresses = free_addresses((), sidecar_ports(mesh_file))
    ports = free_ports(count_processes(mesh_file))
    return plan_applications(mesh_file, map(Place, addresses, ports))


def render_resources(mesh_file: MeshFile, planned: list[PlannedApplication]) -> str:
    """All resources that the file stands for, as YAML."""
    workloads = [resource for item in planned for resource in registration(item.workload)]
    return yaml.safe_dump_all(
        [*workloads, *external_resources(mesh_file), *gateway_rules(mesh_file)], sort_keys=False, explicit_start=True
    )


@dataclass(slots=True)
class Upping:
    """One run of `tulle up`."""

    mesh_file: MeshFile
    folder: Path
    engine: str
    planned: list[PlannedApplication]
    applications: dict[str, Application] = field(default_factory=dict)
    gateway_port: int = 0

    async def main(self, session: Session) -> int:
        """Starts everything and stays until it is told to stop."""
        began = asyncio.get_running_loop().time()
        heading(f"tulle up {_short(self.folder)}", "Ctrl-C stops everything")
        mesh = session.mesh
        paths = self.paths()
        texts = read_files(paths)  # before the control plane reads them: what is saved from now on is a change
        for pattern in missing_paths(self.mesh_file, self.folder):
            progress("warning", f"config: {pattern} names no file")
        self._write_resources(session)
        waiting("the control plane")
        await mesh.start_control_plane(paths)
        progress("ok", f"{CONTROL_PLANE:<16} {mesh.admin_url}")
        await self._start_proxies(session)
        progress("ok", f"{f'{len(mesh.proxies)} proxies':<16} {self.engine}, all have their configuration")
        await self._start_applications(session)
        waiting("all proxies to know all applications")
        await wait_until_in_force(mesh.admin_url, self._serving())
        gateway = f"http://127.0.0.1:{self.gateway_port}" if self.gateway_port else ""
        session.publish(mesh.state(os.getpid(), gateway=gateway))
        session.ready = True
        seconds = asyncio.get_running_loop().time() - began
        progress("ok", f"{'up':<16} after {seconds:.1f} s" + (f"; open {gateway}" if gateway else ""))
        if self.mesh_file.config:
            states = self._follow_config(session, paths, texts)
            session.background(echo_changes(states, mesh.admin_url, progress))
        await session.stop.wait()
        return 0

    def paths(self) -> list[str]:
        """The files and folders of `config` now."""
        return [_short(path) for path in configured_paths(self.mesh_file, self.folder)]

    def watched(self) -> set[str]:
        """The folders below which files of `config` can come and go."""
        return {str(_fixed_part(self.folder, pattern)) for pattern in self.mesh_file.config}

    def _write_resources(self, session: Session) -> None:
        registrations = session.mesh.registrations
        registrations.mkdir(parents=True)
        for item in self.planned:
            register(registrations, item.workload, serving=False)
        resources = [*external_resources(self.mesh_file), *gateway_rules(self.mesh_file)]
        if self.mesh_file.gateway is not None:
            wanted = self.mesh_file.gateway.http
            self.gateway_port = free_port(wanted=wanted)
            if self.gateway_port != wanted:
                progress("warning", f"port {wanted} is taken; the gateway listens at {self.gateway_port}")
            resources += gateway_workload(wanted, self.gateway_port)
        if resources:
            write_resources(registrations / "tulle.yaml", resources)

    async def _start_proxies(self, session: Session) -> None:
        mesh = session.mesh
        settings = [sidecar_settings(item.workload, mesh.xds_address) for item in self.planned]
        if self.gateway_port:
            settings.append(gateway_settings(mesh.xds_address))
        waiting(f"{len(settings)} proxies")
        async with asyncio.TaskGroup() as group:
            for number, item in enumerate(settings):
                group.create_task(mesh.start_proxy(item, engine_of(self.engine, number)))

    async def _start_applications(self, session: Session) -> None:
        """Starts them all; waits for those that listen soon, and says where each can be found."""
        width = max((len(item.name) for item in self.planned), default=0)
        for number, item in enumerate(self.planned):
            application = Application(session.mesh, item.workload, progress)
            self.applications[item.name] = application
            command = ApplicationCommand(
                item.name,
                item.command,
                item.environment,
                self.folder,
                lambda line, name=item.name, number=number: print_prefixed(name, width, number, line),  # type: ignore[misc]
            )
            session.background(application.follow(command))
        for item in self.planned:
            waiting(f"{item.name} to listen on 127.0.0.1:{item.workload.app_port}")
            try:
                await asyncio.wait_for(self.applications[item.name].serving.wait(), PATIENCE_S)
            except TimeoutError:
                continue  # the application itself has said so
            workload = item.workload
            sidecar = f"{workload.address}:{INBOUND_PORT}"
            progress("ok", f"{item.name:<16} sidecar {sidecar} → 127.0.0.1:{workload.app_port}")

    def _serving(self) -> list[str]:
        return [item.workload.address for item in self.planned if self.applications[item.name].serving.is_set()]

    async def _follow_config(
        self, session: Session, paths: list[str], texts: dict[str, str]
    ) -> AsyncIterator[dict[str, str]]:
        """The texts of the files that `config` names, as they were at the start and after each change."""
        from watchfiles import awatch

        yield texts
        # A look without an event now and then: what was saved before the watch began would never be told.
        events = awatch(*sorted(self.watched()), debounce=50, step=10, rust_timeout=1000, yield_on_timeout=True)
        async for _ in events:
            now = self.paths()
            if now != paths:
                paths = now
                progress("info", "files came or went: the control plane starts again with them")
                await session.mesh.restart_control_plane(paths)
            fresh = read_files(paths)
            if fresh != texts:
                texts = fresh
                yield texts


def _fixed_part(folder: Path, pattern: str) -> Path:
    """The folder below which a pattern can match."""
    path = folder
    for part in Path(pattern).parts:
        if any(letter in part for letter in "*?["):
            break
        path = path / part
    while not path.is_dir():
        path = path.parent
    return path


def _short(path: str | Path) -> str:
    """The path from where we stand, when it lies below."""
    relative = os.path.relpath(path)
    return os.path.abspath(path) if relative.startswith("..") else relative
