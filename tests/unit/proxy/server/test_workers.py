"""Worker processes; the pool lives in a process of its own, because it forks."""

import subprocess
import sys
import textwrap

_PRELUDE = """
import asyncio, os, signal, sys
from tulle.proxy.channel import Channel
from tulle.proxy.server.workers import WorkerPool

def run_worker(end, index):
    async def serve():
        gone = asyncio.Event()
        def on_message(message, descriptors):
            if message[0] == "ask":
                channel.send(("answer", message[1], (message[2], index)))
            elif message[0] == "mute":
                channel.close()
        channel = Channel(end, on_message, gone.set)
        channel.send(("hello", index))
        await gone.wait()
    asyncio.run(serve())
    os._exit(0)

class Notes:
    def __init__(self):
        self.heard = []
        self.gone = []
        self.introduced = []

notes = Notes()
pool = WorkerPool(
    lambda worker: notes.introduced.append(worker.index),
    lambda worker, note: notes.heard.append(note),
    lambda worker: notes.gone.append(worker.index),
)
pool.fork_first(2, run_worker)
"""


def _run(body: str) -> list[str]:
    script = (
        _PRELUDE + "async def main():\n" + textwrap.indent(textwrap.dedent(body), "    ") + "\nasyncio.run(main())\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_workers_are_introduced_asked_and_ended() -> None:
    printed = _run(
        """
        pool.attach()
        print(sorted(await pool.ask("what")))
        print(notes.introduced, sorted(notes.heard))
        pids = [worker.pid for worker in pool.workers]
        pool.end()
        for pid in pids:
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                print("gone")
        """
    )
    assert printed == [
        "[(0, ('what', 0)), (1, ('what', 1))]",
        "[0, 1] [('hello', 0), ('hello', 1)]",
        "gone",
        "gone",
    ]


def test_a_worker_that_is_killed_is_noticed_and_the_other_answers_on() -> None:
    printed = _run(
        """
        pool.attach()
        await pool.ask("first")
        pool._replace = lambda worker: print("replace", worker.index)
        os.kill(pool.workers[1].pid, signal.SIGKILL)
        while not notes.gone:
            await asyncio.sleep(0.01)
        print(notes.gone, await pool.ask("second"))
        pool.end()
        """
    )
    assert printed[-1] == "[1] [(0, ('second', 0))]"


def test_workers_that_hear_nothing_more_end_by_themselves() -> None:
    printed = _run(
        """
        pids = [worker.pid for worker in pool.workers]
        for worker in pool.workers:
            worker.end.close()
        print([os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids])
        """
    )
    assert printed == ["[0, 0]"]
