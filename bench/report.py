"""The results: a table for people, JSON for programs, Markdown for the repository."""

import json
import os
import platform
import re
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.cases import CASES, WANTED, WANTED_LIVE_S
from bench.rounds import CaseResult
from bench.starts import StartResult

_VERSIONS = {
    "envoy": ["{envoy}", "--version"],
    "nginx": ["/usr/sbin/nginx", "-v"],
    "haproxy": ["/usr/sbin/haproxy", "-v"],
}
_START_TITLES = {"idle": "no further cluster", "clusters_1000": "1,000 clusters × 3 endpoints"}


@dataclass(slots=True)
class Results:
    """All that one run measured."""

    engines: Sequence[str]
    rounds: int
    seconds: int
    cases: dict[str, CaseResult] = field(default_factory=dict)
    starts: dict[str, StartResult] = field(default_factory=dict)
    busy: float = field(default_factory=lambda: os.getloadavg()[0])
    date: str = field(default_factory=lambda: time.strftime("%Y-%m-%d %H:%M %z"))

    def failures(self) -> dict[str, dict[str, str]]:
        """Per case what kept engines out of it."""
        found = {name: result.failures for name, result in self.cases.items()}
        found.update((name, result.failures) for name, result in self.starts.items())
        return {name: failures for name, failures in found.items() if failures}


def machine() -> dict[str, Any]:
    """What the figures belong to."""
    info = Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*: (.*)", info)
    return {
        "cpu": model[1] if model else platform.machine(),
        "cpus": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_mb": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20,
        "kernel": platform.release(),
        "python": platform.python_version(),
    }


def versions(envoy: str | None) -> dict[str, str]:
    """The versions of the peers, as far as they are there."""
    found = {}
    for name, command in _VERSIONS.items():
        words = [envoy if word == "{envoy}" else word for word in command]
        try:
            done = subprocess.run(
                [word or "" for word in words], capture_output=True, text=True, timeout=10, check=False
            )
        except OSError:
            continue
        number = re.search(r"(\d+\.\d+\.\d+)", done.stdout + done.stderr)
        found[name] = number[1] if number else "unknown"
    return found


def with_ratio(medians: Mapping[str, float | None], digits: int = 1) -> dict[str, float]:
    """The known medians, and tulle's ratio to Envoy when both are known."""
    known = {name: value for name, value in medians.items() if value is not None}
    row = {name: round(value, digits) for name, value in known.items()}
    if known.get("tulle") is not None and known.get("envoy"):
        row["ratio_to_envoy"] = round(known["tulle"] / known["envoy"], 3)
    return row


def as_json(results: Results, host: Mapping[str, Any], peers: Mapping[str, str]) -> dict[str, Any]:
    """The whole run, as it is written to `results/latest.json`."""
    engines = results.engines
    starts = results.starts
    return {
        "machine": dict(host),
        "date": results.date,
        "versions": dict(peers),
        "load_average_before": round(results.busy, 2),
        "rounds": results.rounds,
        "seconds": results.seconds,
        "unit": "µs of CPU per request",
        "cases": {
            name: with_ratio({engine: case.median(engine) for engine in engines})
            for name, case in results.cases.items()
        },
        "memory_mb": {
            size: with_ratio({engine: one.median(one.alone_mb, engine) for engine in engines})
            for size, one in starts.items()
        },
        "pss_mb": {
            size: with_ratio({engine: one.median(one.pss_mb, engine) for engine in engines})
            for size, one in starts.items()
        },
        "private_mb": {
            size: with_ratio({engine: one.median(one.private_mb, engine) for engine in engines})
            for size, one in starts.items()
        },
        "live_s": {
            size: with_ratio({engine: one.median(one.live_s, engine) for engine in engines}, 3)
            for size, one in starts.items()
        },
        "each_round": {
            name: {engine: [round(value, 2) for value in values] for engine, values in case.micros.items()}
            for name, case in results.cases.items()
        },
        "requests_per_second": {
            name: {engine: [round(value) for value in values] for engine, values in case.rates.items()}
            for name, case in results.cases.items()
        },
        "failures": results.failures(),
    }


def rows(report: Mapping[str, Any], engines: Sequence[str]) -> list[list[str]]:
    """The table: header first; every cell is text."""
    table = [["", *engines, "tulle/envoy", "wanted"]]
    for name, row in report["cases"].items():
        table.append([f"{name}: {CASES[name].title} [µs]", *_cells(row, engines, ".1f", WANTED.get(name))])
    for size, row in report["memory_mb"].items():
        table.append([f"memory, {_START_TITLES[size]} [MB]", *_cells(row, engines, ".1f", WANTED.get(size))])
    for size, row in report["live_s"].items():
        cells = _cells(row, engines, ".3f", None)
        if size == "idle" and "tulle" in row:
            cells[-1] = f"≤ {WANTED_LIVE_S:g} s {_mark(row['tulle'] <= WANTED_LIVE_S)}"
        table.append([f"exec to LIVE, {_START_TITLES[size]} [s]", *cells])
    return table


def _cells(row: Mapping[str, float], engines: Sequence[str], shape: str, wanted: float | None) -> list[str]:
    cells = [format(row[engine], shape) if engine in row else "—" for engine in engines]
    ratio = row.get("ratio_to_envoy")
    cells.append("—" if ratio is None else f"{ratio:.2f}")
    if wanted is None:
        return [*cells, ""]
    return [*cells, f"≤ {wanted:.2f}" + (f" {_mark(ratio <= wanted)}" if ratio is not None else "")]


def _mark(reached: bool) -> str:
    return "✓" if reached else "✗"


def _caption(report: Mapping[str, Any]) -> str:
    host = report["machine"]
    peers = ", ".join(f"{name} {number}" for name, number in report["versions"].items())
    return (
        f"{report['date']} · {host['cpu']}, {host['cpus']} CPUs · Linux {host['kernel']} · Python {host['python']} · "
        f"{peers}\nCPU time of all processes of the proxy per request, on a CPU of its own; median of "
        f"{report['rounds']} interleaved rounds of {report['seconds']} s\n"
        "Memory: PSS of all its processes, counted as if nothing else ran (memory_mb; pss_mb has it as the kernel says)"
    )


def as_text(report: Mapping[str, Any], engines: Sequence[str]) -> str:
    """For the terminal."""
    table = rows(report, engines)
    widths = [max(len(line[column]) for line in table) for column in range(len(table[0]))]
    lines = [_caption(report), ""]
    for line in table:
        head, *rest = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        lines.append("  ".join([head, *(cell.strip().rjust(len(cell)) for cell in rest)]).rstrip())
    if report["load_average_before"] > 0.7:
        lines += [
            "",
            f"The machine was busy before ({report['load_average_before']} processes wanted a CPU): take care.",
        ]
    return "\n".join([*lines, "", *_failure_lines(report)])


def as_markdown(report: Mapping[str, Any], engines: Sequence[str]) -> str:
    """For `results/*.md`."""
    header, *body = rows(report, engines)
    lines = [f"# Benchmark of {report['date'].split()[0]}", "", _caption(report), ""]
    lines += [f"| {' | '.join(header)} |", f"|{'---|' * len(header)}"]
    lines += [f"| {' | '.join(line)} |" for line in body]
    return "\n".join([*lines, "", *_failure_lines(report)])


def _failure_lines(report: Mapping[str, Any]) -> list[str]:
    return [
        f"{name}: {engine}: {text}" for name, failed in report["failures"].items() for engine, text in failed.items()
    ]


def dump(report: Mapping[str, Any]) -> str:
    """JSON for a file."""
    return json.dumps(report, indent=2, ensure_ascii=False) + "\n"
