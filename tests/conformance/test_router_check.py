"""The route checks that come with Envoy, as far as they can be judged from outside, on each engine."""

from pathlib import Path

import pytest

from tests.support.conformance.engines import chosen_engines
from tests.support.conformance.route_checks import (
    RouteCheck,
    Tally,
    build_cases,
    clusters_of,
    corpus,
    read_checks,
    read_configs,
    run_check,
    unjudgeable,
)
from tests.support.conformance.worlds import World

pytestmark = [pytest.mark.envoy, pytest.mark.processes]


@pytest.mark.parametrize("engine", chosen_engines())
def test_envoys_own_route_checks_hold(engine: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = corpus()
    if not folder.is_dir():
        pytest.skip(f"the route checks are not there: {folder}; TULLE_CORPORA names the folder of the corpora")
    checks = read_checks(folder)
    configs = read_configs(folder, checks)
    clusters = sorted({*clusters_of(list(configs.values())), "some_cluster"})
    world = World(engine, tmp_path, build_cases(engine, configs, clusters, checks), clusters)
    try:
        world.wait()
        tally = judge_all(checks, configs, world)
    finally:
        world.close()
    with capsys.disabled():
        print(f"\n{tally.line(engine)}")
        for reason in tally.unsupported:
            print(f"  not yet supported: {reason}")
    assert not tally.failed, "\n".join(tally.failed)
    assert tally.passed


def judge_all(checks: list[RouteCheck], configs: dict[str, dict[str, object]], world: World) -> Tally:
    """Runs every check that can be judged."""
    tally = Tally()
    for check in checks:
        name = f"{check.config}: {check.name}"
        reason = unjudgeable(check, configs[check.config])
        if reason:
            tally.unjudged.append(f"{name}: {reason}")
        elif check.config in world.refused:
            tally.unsupported.append(f"{name}: {world.refused[check.config]}")
        else:
            problems = run_check(check, world)
            (tally.failed if problems else tally.passed).append("; ".join([name, *problems]))
    return tally
