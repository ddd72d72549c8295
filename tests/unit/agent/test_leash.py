"""The leash: no process outlives the one that started it."""

import os
import select
import signal
import subprocess
import sys
import time

_PARENT = """
import os, subprocess, sys
child = subprocess.Popen([sys.executable, "-m", "tulle.agent.leash", str(os.getpid()),
                          sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"],
                         stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
sys.stdin.read()
"""


def test_a_leashed_process_ends_when_its_parent_is_killed() -> None:
    parent = subprocess.Popen([sys.executable, "-c", _PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    handle = os.pidfd_open(child)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    deadline = time.monotonic() + 10
    readable, _, _ = select.select([handle], [], [], deadline - time.monotonic())
    os.close(handle)
    assert readable, "the leashed process still runs"


def leash(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tulle.agent.leash", *arguments], capture_output=True, text=True, timeout=30, check=False
    )


def test_a_leash_to_a_parent_that_is_gone_ends_at_once() -> None:
    assert leash("1", sys.executable, "-c", "print('ran')").stdout == ""


def test_a_command_that_is_missing_exits_with_127() -> None:
    ended = leash(str(os.getpid()), "/no/such")
    assert ended.returncode == 127
    assert "/no/such" in ended.stderr
