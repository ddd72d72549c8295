"""`python -m bench`: measures, prints a table, writes `bench/results/latest.json`."""

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.cases import CASES, DEFAULT_CASES
from bench.engines import ENGINES, start_upstream
from bench.processes import Cpus, Failure
from bench.report import Results, as_json, as_markdown, as_text, dump, machine, versions
from bench.rounds import Plan, measure_case
from bench.starts import SIZES, measure_starts
from tulle.agent.engines import envoy_binary
from tulle.foundation.errors import UsageError

_RESULTS = Path(__file__).parent / "results"
_STARTS = tuple(SIZES)


def _names(known: Sequence[str]) -> "argparse._ActionType":
    """An argparse type: names with commas between them."""

    def read(text: str) -> list[str]:
        names = [name for name in text.split(",") if name]
        unknown = [name for name in names if name not in known]
        if unknown:
            raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: not one of {', '.join(known)}")
        return names

    return read


def _arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m bench", description=__doc__)
    names = [engine.name for engine in ENGINES]
    parser.add_argument("--cases", type=_names([*CASES, *_STARTS]), default=[*DEFAULT_CASES, *_STARTS], metavar="A,B")
    parser.add_argument("--engines", type=_names(names), default=names, metavar="A,B")
    parser.add_argument("--rounds", type=int, default=5, help="rounds, and starts, per engine (default 5)")
    parser.add_argument("--seconds", type=int, default=3, help="length of a round (default 3)")
    parser.add_argument("--output", type=Path, default=_RESULTS / "latest.json", metavar="FILE")
    parser.add_argument(
        "--markdown", nargs="?", type=Path, const=_RESULTS, metavar="FILE", help="write a table as well"
    )
    return parser.parse_args(words)


def main(words: Sequence[str]) -> int:
    """Exit code 0 whatever the figures are: a benchmark reports. 69 when there is nothing to measure with."""
    given = _arguments(words)
    cpus = Cpus.of_this_machine()
    engines = [engine for engine in ENGINES if engine.name in given.engines]
    results = Results([engine.name for engine in engines], given.rounds, given.seconds)
    host = machine()
    os.sched_setaffinity(0, {cpus.load})
    with tempfile.TemporaryDirectory(prefix="tulle-bench-") as name:
        try:
            upstream = start_upstream(Path(name) / "upstream", cpus)
        except Failure as failure:
            print(f"the upstream does not start: {failure}", file=sys.stderr)
            return 69
        plan = Plan(engines, given.rounds, given.seconds, Path(name), upstream, cpus)
        try:
            for case in given.cases:
                if case in CASES:
                    results.cases[case] = measure_case(case, plan)
                else:
                    results.starts[case] = measure_starts(case, plan)
        finally:
            upstream.process.stop()
    report = as_json(results, host, versions(_envoy()))
    print(as_text(report, results.engines))
    _write(given, dump(report), as_markdown(report, results.engines), results.date)
    return 0


def _envoy() -> str | None:
    try:
        return envoy_binary()
    except UsageError:
        return None


def _write(given: argparse.Namespace, text: str, table: str, date: str) -> None:
    given.output.parent.mkdir(parents=True, exist_ok=True)
    given.output.write_text(text)
    print(f"written: {given.output}")
    if given.markdown:
        path = given.markdown
        if path.suffix != ".md":
            path = path / f"{date.split()[0]}-{os.uname().nodename}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(table)
        print(f"written: {path}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
