"""One application with a sidecar of its own in a mesh that runs already: the work of `tulle run`."""

import asyncio
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tulle.agent.bootstrap import sidecar_settings
from tulle.agent.capture import application_environment
from tulle.agent.process import ChildProcess, Command
from tulle.agent.registrations import register, register_at_free_address, unregister
from tulle.agent.state import MeshState
from tulle.agent.workload import INBOUND_PORT, Upstream, Workload
from tulle.cli.mesh.application import wait_until_open
from tulle.cli.mesh.in_force import wait_until_in_force
from tulle.cli.mesh.session import Session, run_session
from tulle.cli.output import progress, show_log, waiting
from tulle.foundation.errors import Unreachable, UsageError

FIRST_UPSTREAM_PORT = 20001
_FAREWELL_S = 0.3  # between leaving the mesh and the end of the application: the others learn of it meanwhile


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the command line asks for."""

    command: tuple[str, ...]
    service: str
    port: int
    service_port: int | None
    version: str
    namespace: str
    protocol: str
    upstreams: tuple[str, ...]
    engine: str

    def workload(self, address: str) -> Workload:
        """The workload at an address."""
        return Workload(
            service=self.service,
            address=address,
            port=self.service_port or self.port,
            app_port=self.port,
            version=self.version,
            namespace=self.namespace,
            protocol=self.protocol.upper(),
            upstreams=parse_upstreams(self.upstreams),
        )


def parse_upstreams(texts: tuple[str, ...]) -> tuple[Upstream, ...]:
    """`NAME:PORT`, with `/tcp` behind it for what is not HTTP; UsageError for another form."""
    found = []
    for index, text in enumerate(texts):
        place, _, protocol = text.partition("/")
        name, _, port = place.rpartition(":")
        if not name or not port.isdigit() or protocol not in ("", "http", "tcp", "grpc", "http2"):
            raise UsageError(f"--upstream wants NAME:PORT or NAME:PORT/tcp, and got {text!r}")
        found.append(Upstream(name, int(port), FIRST_UPSTREAM_PORT + index, protocol.upper() or "HTTP"))
    return tuple(found)


def run_application(wish: Wish, mesh: MeshState) -> int:
    """Runs it in the mesh; the application's exit code, or 128 and the signal that ended it."""

    async def main(session: Session) -> int:
        return await _run(session, wish, mesh)

    return run_session("run", show_log, main)


async def _run(session: Session, wish: Wish, mesh: MeshState) -> int:
    registrations = Path(mesh.registrations)
    ports = [INBOUND_PORT, *(item.local_port for item in parse_upstreams(wish.upstreams))]
    try:
        workload = register_at_free_address(registrations, ports, wish.workload)
    except OSError as error:
        raise Unreachable(f"the mesh does not take the registration: {error}") from error
    try:
        host, _, port = mesh.xds.rpartition(":")
        waiting(f"the sidecar of {workload.name}")
        await session.mesh.start_proxy(sidecar_settings(workload, (host, int(port))), wish.engine)
        return await _run_beside_sidecar(session, wish.command, mesh, workload)
    finally:
        unregister(registrations, workload)


async def _run_beside_sidecar(session: Session, arguments: tuple[str, ...], mesh: MeshState, workload: Workload) -> int:
    registrations = Path(mesh.registrations)
    command = Command(workload.name, arguments, {**application_environment(workload)}, foreground=True)
    child = session.mesh.own(ChildProcess(command))
    await child.start()
    session.ready = True
    async with asyncio.TaskGroup() as group:
        announcing = group.create_task(_announce(mesh, workload))
        leaving = group.create_task(_leave(session, child, registrations, workload))
        code = await child.wait()
        announcing.cancel()
        leaving.cancel()
    return code if code >= 0 else 128 - code


async def _announce(mesh: MeshState, workload: Workload) -> None:
    await wait_until_open(workload.app_port)
    try:
        register(Path(mesh.registrations), workload)
    except OSError as error:
        progress("warning", f"the mesh has gone; {workload.name} runs on without it ({error.strerror})")
        return
    await wait_until_in_force(mesh.admin, [workload.address])
    address = f"{workload.address}:{INBOUND_PORT}"
    called = f"{workload.service}.{workload.namespace}:{workload.port}"
    progress("ok", f"{workload.name} is in the mesh as {called}; its sidecar listens at {address}")


async def _leave(session: Session, child: ChildProcess, registrations: Path, workload: Workload) -> None:
    """When we are told to stop: out of the mesh first, then the application ends."""
    await session.stop.wait()
    unregister(registrations, workload)
    if not sys.stdin.isatty():  # a terminal has sent its Ctrl-C to the application itself
        await asyncio.sleep(_FAREWELL_S)
        child.send(signal.SIGTERM)
    with suppress(TimeoutError):
        await asyncio.wait_for(child.wait(), child.command.grace_s)
    await child.stop()
