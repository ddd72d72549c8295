"""An application beside its sidecar."""

import asyncio
import os
import socket
import sys
from pathlib import Path

from tulle.agent.addresses import free_port
from tulle.agent.registrations import registration_path
from tulle.agent.workload import Workload
from tulle.cli.mesh.application import Application, ApplicationCommand, is_open, wait_until_open
from tulle.cli.mesh.local_mesh import LocalMesh

SERVER = (
    "import os, socket; s = socket.create_server(('127.0.0.1', int(os.environ['PORT']))); "
    "s.accept()[0].recv(1); s.accept()[0].recv(1); s.accept()"
)


def test_a_port_is_open_when_something_listens() -> None:
    async def main() -> None:
        port = free_port()
        assert not await is_open(port)
        assert not await wait_until_open(port, 0.0)
        with socket.create_server(("127.0.0.1", port)):
            assert await wait_until_open(port, 5.0)

    asyncio.run(main())


def test_the_mesh_knows_an_application_only_while_it_listens_and_gets_it_back_after_its_death(tmp_path: Path) -> None:
    said: list[str] = []
    port = free_port()
    workload = Workload("a", "127.9.0.9", 80, port)

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            mesh = LocalMesh(tmp_path, group, lambda name, line: None)
            mesh.registrations.mkdir()
            path = registration_path(mesh.registrations, workload)
            application = Application(mesh, workload, lambda state, words: said.append(words))
            shell = f'exec "{sys.executable}" -c "{SERVER}"'
            command = ApplicationCommand("a", shell, {"PORT": str(port)}, tmp_path, lambda _: None)
            task = group.create_task(application.follow(command))
            await application.serving.wait()
            assert "WorkloadEntry" in path.read_text()

            first = mesh.children[0].pid
            assert first is not None
            os.kill(first, 9)
            while application.serving.is_set():
                await asyncio.sleep(0.01)
            assert "WorkloadEntry" not in path.read_text()
            await application.serving.wait()
            assert "WorkloadEntry" in path.read_text()
            assert mesh.children[0].pid not in (None, first)
            task.cancel()
            await mesh.stop()

    asyncio.run(main())
    assert said[0].startswith("a ended with -9; starting it again in")
