"""Memory, and time from exec to LIVE: fresh starts, medians."""

import statistics
import time
from dataclasses import dataclass, field

from bench.engines import Engine, Setup, start
from bench.memory import memory_of
from bench.processes import Failure
from bench.rounds import Plan

_SETTLE_S = 1.0
SIZES = {"idle": 0, "clusters_1000": 1000}


@dataclass(slots=True)
class StartResult:
    """Per engine and start: memory in MB in three ways, seconds until LIVE; or what went wrong."""

    alone_mb: dict[str, list[float]] = field(default_factory=dict)
    pss_mb: dict[str, list[float]] = field(default_factory=dict)
    private_mb: dict[str, list[float]] = field(default_factory=dict)
    live_s: dict[str, list[float]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)

    def median(self, values: dict[str, list[float]], engine: str) -> float | None:
        """The median of one of these; None when the engine failed."""
        found = values.get(engine)
        return statistics.median(found) if found and engine not in self.failures else None


def measure_starts(size: str, plan: Plan) -> StartResult:
    """Starts every engine once a round with `SIZES[size]` clusters beside the one in use."""
    result = StartResult()
    for number in range(plan.rounds):
        for engine in plan.engines:
            if engine.name not in result.failures:
                _one_start(f"{size}-{number}", SIZES[size], engine, plan, result)
    return result


def _one_start(label: str, clusters: int, engine: Engine, plan: Plan, result: StartResult) -> None:
    setup = Setup("h1", plan.directory / "starts" / label / engine.name, plan.upstream, plan.cpus, clusters)
    try:
        proxy = start(engine, setup)
    except Failure as failure:
        result.failures[engine.name] = f"does not start: {failure}"
        return
    try:
        time.sleep(_SETTLE_S)
        memory = memory_of(proxy.process)
    finally:
        proxy.process.stop()
    result.alone_mb.setdefault(engine.name, []).append(memory.alone_mb)
    result.pss_mb.setdefault(engine.name, []).append(memory.pss_mb)
    result.private_mb.setdefault(engine.name, []).append(memory.private_mb)
    result.live_s.setdefault(engine.name, []).append(proxy.live_s)
