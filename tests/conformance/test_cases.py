"""Every case against the real Envoy and against tulle; TULLE_CONFORMANCE_ENGINES=envoy|tulle|both chooses."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import pytest

from tests.support.conformance.case import Case, all_cases
from tests.support.conformance.compare import differences, explain, without_known
from tests.support.conformance.engines import Refused, Stuck, chosen_engines
from tests.support.conformance.observe import Observer
from tests.support.conformance.worlds import World

pytestmark = [pytest.mark.envoy, pytest.mark.processes]
_CASES = all_cases()


@runtime_checkable
class _WithParameters(Protocol):
    """A test item that is one of several made from one function."""

    callspec: Any


class Worlds:
    """For each engine one proxy with all the cases that can share it, and proxies for those that cannot."""

    def __init__(self, folder: Path, cases: list[Case]) -> None:
        self._folder = folder
        self._open: list[World] = []
        self._shared: dict[str, World | Refused] = {}
        together = [case for case in cases if not case.alone]
        starting = {engine: self._begin(engine, "shared", together) for engine in chosen_engines()}
        for engine, world in starting.items():
            try:
                world.wait()
                self._shared[engine] = world
            except Refused as error:
                self._shared[engine] = error

    def of(self, engine: str, case: Case) -> World:
        """A running world for a case; Refused when the engine does not take the configuration."""
        shared = self._shared[engine]
        if isinstance(shared, Stuck):
            raise shared
        if case.alone or isinstance(shared, Refused):
            world = self._begin(engine, case.name, [case])
            world.wait()
        else:
            world = shared
            if not world.process.alive:
                world.start()
                world.wait()
        if case.name in world.refused:
            raise Refused(world.refused[case.name])
        return world

    def close(self) -> None:
        """Ends all of them."""
        for world in self._open:
            world.close()

    def _begin(self, engine: str, name: str, cases: list[Case]) -> World:
        world = World(engine, self._folder / engine / name, cases)
        self._open.append(world)
        return world


@pytest.fixture(scope="module")
def worlds(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worlds]:
    parameters = [item.callspec.params for item in request.session.items if isinstance(item, _WithParameters)]
    chosen = [given["case"] for given in parameters if isinstance(given.get("case"), Case)]
    worlds = Worlds(tmp_path_factory.mktemp("conformance"), chosen)
    yield worlds
    worlds.close()


@pytest.mark.parametrize("case", _CASES, ids=lambda case: case.name)
def test_a_case_is_served_as_expected(case: Case, worlds: Worlds) -> None:
    expected = case.expectation()
    observed: dict[str, Any] = {}
    problems: list[str] = []
    for engine in chosen_engines():
        try:
            world = worlds.of(engine, case)
        except Refused as error:
            problems.append(f"{engine}: refused: {error}")
            continue
        observed[engine] = Observer(case, world).run(expected)
        found = differences(expected, observed[engine])
        if engine == "tulle":
            found, unused = without_known(found, case.differs)
            problems += [f"tulle: {path} is said to differ and does not" for path in unused]
        problems += filter(None, [explain(engine, found)])
    if len(observed) == 2:
        between, _ = without_known(differences(observed["envoy"], observed["tulle"]), case.differs)
        problems += [f"envoy | tulle: {path}: {left!r} | {right!r}" for path, left, right in between]
    assert not problems, f"{case.about}\n" + "\n".join(problems)
