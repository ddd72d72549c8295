"""`python -m bench.profile CASE`: the hottest functions, lines and calls of tulle's worker under load."""

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.cases import CASES
from bench.engines import ENGINES, Running, Setup, Upstream, start, start_upstream
from bench.load.generators import Load, run
from bench.processes import Cpus, CpuTime, Failure, cpu_time
from bench.profile.native import available, count_calls, read_calls, record, shares
from bench.profile.stacks import Profile, read_stacks, source, sum_up, tree

_PATIENCE_S = 5.0
_RARE = 0.005  # system calls per request that are not worth a line


class Session:
    """One proxy under load, measured several times."""

    def __init__(self, load: Load, given: argparse.Namespace, directory: Path, cpus: Cpus) -> None:
        self.load = load
        self.clock = "wall" if given.wall else "cpu"
        self.seconds: int = given.seconds
        self.directory = directory
        self.cpus = cpus
        self.stacks = directory / "stacks.json"
        self.perf_data = directory / "perf.data"

    def start(self, upstream: Upstream) -> Running:
        """The proxy with the sampler in its worker, warmed up."""
        engine = next(engine for engine in ENGINES if engine.name == "tulle")
        setup = Setup(self.load.protocol, self.directory / "proxy", upstream, self.cpus)
        launch = [sys.executable, "-m", "bench.profile.launcher", str(self.stacks), self.clock]
        proxy = start(engine, setup, lambda path: [*launch, str(path)])
        run(self.load, proxy.port, 1, self.cpus.load)
        return proxy

    def cost(self, proxy: Running) -> tuple[CpuTime, int]:
        """CPU time and requests without any sampling."""
        before = cpu_time(proxy.process)
        outcome = run(self.load, proxy.port, self.seconds, self.cpus.load)
        return cpu_time(proxy.process).since(before), outcome.requests

    def sample(self, proxy: Running) -> Profile:
        """What Python ran."""
        worker = self.worker()
        os.kill(worker, signal.SIGUSR2)
        run(self.load, proxy.port, self.seconds, self.cpus.load)
        os.kill(worker, signal.SIGUSR2)
        deadline = time.monotonic() + _PATIENCE_S
        while not self.stacks.exists():
            if time.monotonic() > deadline:
                raise Failure("the worker does not write its samples")
            time.sleep(0.01)
        return sum_up(read_stacks(self.stacks))

    def sample_native(self, proxy: Running) -> None:
        """Where the machine was."""
        recording = record(self.worker(), self.seconds, self.perf_data)
        run(self.load, proxy.port, self.seconds, self.cpus.load)
        recording.wait()

    def system_calls(self, proxy: Running) -> list[tuple[str, float]]:
        """(system call, how often per request), the most frequent first; nothing where the kernel does not tell."""
        path = self.directory / "calls"
        counting = count_calls(self.worker(), self.seconds + 2, path)
        requests = run(self.load, proxy.port, self.seconds, self.cpus.load).requests
        counting.wait()
        return [(name, count / requests) for name, count in read_calls(path.read_text())]

    def worker(self) -> int:
        """The process id of the worker."""
        return int(self.stacks.with_suffix(".pid").read_text())


def print_cost(load: Load, cost: tuple[CpuTime, int]) -> float:
    """Prints and gives µs per request."""
    used, requests = cost
    micros = used.total_s * 1e6 / requests
    kernel = used.system_s / used.total_s
    print(f"{load.title}: {micros:.1f} µs of CPU per request without sampling, {kernel:.0%} of it in the kernel")
    return micros


def print_profile(profile: Profile, micros: float, rows: int, least: float) -> None:
    """The Python half: functions, files, lines, tree."""
    total = profile.total or 1
    print(f"\n{profile.total} samples. FUNCTIONS: own µs per request, own %, with what they call %")
    for name, count in profile.own.most_common(rows):
        share, inclusive = count / total, profile.inclusive[name] / total
        print(f"  {share * micros:6.2f} {share:6.1%} {inclusive:6.1%}  {name}")
    print("\nFILES: own µs per request")
    for name, count in profile.files.most_common(rows):
        print(f"  {count / total * micros:6.2f} {count / total:6.1%}  {name}")
    print("\nLINES (with the C code they call): µs per request")
    for (file, line, name), count in profile.lines.most_common(rows):
        share = count / total
        print(f"  {share * micros:6.2f} {share:6.1%}  {name.split()[0]}:{line}  {source(file, line)}")
    print(f"\nCALLS from {least:.0%} on: µs per request")
    for depth, name, share in tree(profile, least):
        print(f"  {share * micros:6.2f} {share:6.1%}  {'  ' * depth}{name}")


def print_native(session: Session, proxy: Running, micros: float, rows: int) -> None:
    """The native half: libraries, functions, system calls."""
    session.sample_native(proxy)
    for title, keys in (("LIBRARIES", "dso"), ("NATIVE FUNCTIONS", "dso,symbol")):
        print(f"\n{title}: µs per request")
        for percent, name in shares(session.perf_data, keys)[:rows]:
            print(f"  {percent * micros / 100:6.2f} {percent:5.1f}%  {name}")
    print("\nSYSTEM CALLS per request")
    for call, times in session.system_calls(proxy):
        if times >= _RARE:
            print(f"  {times:6.3f}  {call}")


def _arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m bench.profile", description=__doc__)
    parser.add_argument("case", choices=CASES)
    parser.add_argument("--seconds", type=int, default=5, help="length of each of the four runs (default 5)")
    parser.add_argument("--rows", type=int, default=30, help="rows per table (default 30)")
    parser.add_argument("--least", type=float, default=2.0, metavar="PERCENT", help="smallest call shown (default 2)")
    parser.add_argument("--wall", action="store_true", help="1,000 samples a second, waiting included")
    parser.add_argument("--no-native", action="store_true", help="without perf")
    return parser.parse_args(words)


def main(words: Sequence[str]) -> int:
    """0, or 69 when the proxy or its load does not run."""
    given = _arguments(words)
    cpus = Cpus.of_this_machine()
    os.sched_setaffinity(0, {cpus.load})
    with tempfile.TemporaryDirectory(prefix="tulle-profile-") as name:
        session = Session(CASES[given.case], given, Path(name), cpus)
        try:
            upstream = start_upstream(Path(name) / "upstream", cpus)
        except Failure as failure:
            print(f"the upstream does not start: {failure}", file=sys.stderr)
            return 69
        try:
            proxy = session.start(upstream)
        except Failure as failure:
            upstream.process.stop()
            print(f"tulle does not start or does not serve: {failure}", file=sys.stderr)
            return 69
        try:
            micros = print_cost(session.load, session.cost(proxy))
            print_profile(session.sample(proxy), micros, given.rows, given.least / 100)
            if available() and not given.no_native:
                print_native(session, proxy, micros, given.rows)
        except Failure as failure:
            print(f"the measurement fails: {failure} ({proxy.process.last_words()})", file=sys.stderr)
            return 69
        finally:
            proxy.process.stop()
            upstream.process.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
