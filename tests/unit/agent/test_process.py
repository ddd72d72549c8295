"""Supervision of processes."""

import asyncio
import os
import select
import sys

from tulle.agent.process import ChildProcess, Command
from tulle.foundation.backoff import Backoff


def python(code: str, **options: object) -> Command:
    return Command("test", [sys.executable, "-u", "-c", code], **options)  # type: ignore[arg-type]


def test_each_line_of_the_output_is_passed_on() -> None:
    lines: list[str] = []

    async def main() -> int:
        child = ChildProcess(python("print('a'); print('b')", log=lines.append))
        await child.start()
        return await child.wait()

    assert asyncio.run(main()) == 0
    assert lines == ["a", "b"]


def test_a_command_that_cannot_be_found_ends_with_127() -> None:
    lines: list[str] = []

    async def main() -> int:
        child = ChildProcess(Command("test", ["/no/such/command"], log=lines.append))
        await child.start()
        return await child.wait()

    assert asyncio.run(main()) == 127
    assert "cannot run /no/such/command" in lines[0]


def test_a_process_that_ignores_sigterm_is_killed_after_the_grace() -> None:
    ready = asyncio.Event()
    code = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up'); time.sleep(60)"

    async def main() -> int | None:
        child = ChildProcess(python(code, log=lambda _: ready.set(), grace_s=0.1))
        await child.start()
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(child.wait())
            await ready.wait()
            await child.stop()
        return waiting.result()

    assert asyncio.run(main()) == -9


def test_a_followed_process_is_started_again_and_ends_with_its_follower() -> None:
    pids: list[int] = []
    twice = asyncio.Event()

    def on_line(line: str) -> None:
        pids.append(int(line))
        if len(pids) == 2:
            twice.set()

    async def main() -> ChildProcess:
        code = "import os, time; print(os.getpid()); time.sleep(60)"
        child = ChildProcess(python(code, log=on_line))
        async with asyncio.TaskGroup() as group:
            task = group.create_task(child.follow(Backoff(0.0, 0.0)))
            while not pids:
                await asyncio.sleep(0)
            os.kill(pids[0], 9)
            await twice.wait()
            task.cancel()
        return child

    child = asyncio.run(main())
    assert child.restarts == 1
    assert child.pid is None


def test_who_wants_to_know_is_told_of_each_end(tmp_path: object) -> None:
    ends: list[int] = []
    told = asyncio.Event()

    def ended(code: int, pause_s: float) -> None:
        ends.append(code)
        told.set()

    async def main() -> None:
        child = ChildProcess(python("raise SystemExit(3)", ended=ended))
        async with asyncio.TaskGroup() as group:
            task = group.create_task(child.follow(Backoff(60.0, 60.0, lambda: 1.0)))
            await told.wait()
            task.cancel()

    asyncio.run(main())
    assert ends == [3]


def test_a_process_ends_with_the_processes_that_it_started() -> None:
    lines: list[str] = []
    up = asyncio.Event()
    code = (
        "import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "
        "print(child.pid); child.wait()"
    )

    def log(line: str) -> None:
        lines.append(line)
        up.set()

    async def main() -> None:
        child = ChildProcess(python(code, log=log))
        await child.start()
        async with asyncio.TaskGroup() as group:
            group.create_task(child.wait())
            await up.wait()
            handle = os.pidfd_open(int(lines[0]))
            await child.stop()
            ended = asyncio.Event()
            asyncio.get_running_loop().add_reader(handle, ended.set)
            await asyncio.wait_for(ended.wait(), 10)
            asyncio.get_running_loop().remove_reader(handle)
            os.close(handle)

    asyncio.run(main())


def test_a_line_without_an_end_is_passed_on_in_pieces() -> None:
    lines: list[str] = []

    async def main() -> int:
        child = ChildProcess(python("print('x' * 300_000); print('last', end='')", log=lines.append))
        await child.start()
        return await child.wait()

    assert asyncio.run(main()) == 0
    assert "".join(lines) == "x" * 300_000 + "last"
    assert len(lines) > 2


def test_what_a_process_started_does_not_outlive_it_and_hides_its_end_from_nobody() -> None:
    lines: list[str] = []
    up = asyncio.Event()
    code = (
        "import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "
        "print(child.pid); child.wait()"
    )

    def log(line: str) -> None:
        lines.append(line)
        up.set()

    async def main() -> int:
        child = ChildProcess(python(code, log=log))
        await child.start()
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(child.wait())
            await up.wait()
            handles.append(os.pidfd_open(int(lines[0])))
            assert child.pid is not None
            os.kill(child.pid, 9)
        return waiting.result()

    handles: list[int] = []
    assert asyncio.run(asyncio.wait_for(main(), 20)) == -9
    ended, _, _ = select.select(handles, [], [], 10)
    os.close(handles[0])
    assert ended
