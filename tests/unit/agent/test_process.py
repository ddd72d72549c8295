"""Supervision of processes."""

import asyncio
import os
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
