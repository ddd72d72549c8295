"""CPU per request: interleaved rounds over all engines, medians."""

import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.cases import CASES
from bench.engines import Engine, Running, Setup, Upstream, start
from bench.load.generators import Load, run
from bench.processes import Cpus, Failure, cpu_time

_SETTLE_S = 0.1  # until what the load generator closed has been closed by the proxy too


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    engines: Sequence[Engine]
    rounds: int
    seconds: int
    directory: Path
    upstream: Upstream
    cpus: Cpus


@dataclass(slots=True)
class CaseResult:
    """Per engine: µs of CPU per request and requests per second of each round, or what went wrong."""

    micros: dict[str, list[float]] = field(default_factory=dict)
    rates: dict[str, list[float]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)

    def median(self, engine: str) -> float | None:
        """µs per request; None when the engine failed."""
        values = self.micros.get(engine)
        return statistics.median(values) if values and engine not in self.failures else None


def measure_case(name: str, plan: Plan) -> CaseResult:
    """All rounds of one case; each round takes the engines in another order."""
    load, result = CASES[name], CaseResult()
    running: list[Running] = []
    try:
        for engine in plan.engines:
            _start_and_warm(name, engine, plan, running, result)
        for number in range(plan.rounds):
            _say(f"{name}: round {number + 1} of {plan.rounds}")
            turn = number % max(len(running), 1)
            for proxy in running[turn:] + running[:turn]:
                _one_round(proxy, load, plan, result)
    finally:
        _say("")
        for proxy in running:
            proxy.process.stop()
    return result


def _start_and_warm(name: str, engine: Engine, plan: Plan, running: list[Running], result: CaseResult) -> None:
    load = CASES[name]
    _say(f"{name}: {engine.name} starts")
    try:
        proxy = start(engine, Setup(load.protocol, plan.directory / name / engine.name, plan.upstream, plan.cpus))
    except Failure as failure:
        result.failures[engine.name] = f"does not start: {failure}"
        return
    running.append(proxy)
    try:
        run(load, proxy.port, 1, plan.cpus.load)
    except Failure as failure:
        result.failures[engine.name] = _blame(proxy, failure)


def _one_round(proxy: Running, load: Load, plan: Plan, result: CaseResult) -> None:
    name = proxy.engine.name
    if name in result.failures:
        return
    before = cpu_time(proxy.process)
    try:
        outcome = run(load, proxy.port, plan.seconds, plan.cpus.load)
    except Failure as failure:
        result.failures[name] = _blame(proxy, failure)
        return
    time.sleep(_SETTLE_S)
    used = cpu_time(proxy.process).since(before)
    result.micros.setdefault(name, []).append(used.total_s * 1e6 / outcome.requests)
    result.rates.setdefault(name, []).append(outcome.requests / outcome.seconds)


def _blame(proxy: Running, failure: Failure) -> str:
    """The failure, with the last words of the proxy when it died of it."""
    try:
        proxy.process.check_alive()
    except Failure as death:
        return f"{failure}; {death}"
    return str(failure)


def _say(text: str) -> None:
    """Progress, for a terminal only."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
