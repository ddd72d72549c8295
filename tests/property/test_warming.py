"""Whatever comes in whatever order, nothing in force refers to something that the workers were not told of."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tulle.proxy.xds.warming import Kinds, Resource, Supply, WarmingSet

_RESOURCES = st.sampled_from(["l1", "l2", "l3"])
_SUPPLIES = st.sampled_from(["r1", "r2", "r3"])
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), _RESOURCES, st.frozensets(_SUPPLIES, max_size=3)),
        st.tuples(st.just("remove"), _RESOURCES, st.just(frozenset[str]())),
        st.tuples(st.just("supply"), _SUPPLIES, st.just(frozenset[str]())),
    ),
    max_size=40,
)


class _Workers:
    """What the workers were told."""

    def __init__(self) -> None:
        self.told: dict[tuple[str, str], bytes] = {}

    def publish(self, kind: str, name: str, data: bytes | None) -> None:
        if data is None:
            self.told.pop((kind, name), None)
            return
        self.told[(kind, name)] = data
        if kind == "listener":
            needs = [need for need in data.decode().split(":")[1].split(",") if need]
            assert all(("routes", need) in self.told for need in needs)


def _apply(warming: WarmingSet, number: int, step: tuple[str, str, frozenset[str]]) -> None:
    kind, name, needs = step
    if kind == "put":
        data = f"{number}:{','.join(sorted(needs))}".encode()
        warming.put(Resource(name, data, needs=needs, fetch_timeout_s=0))
    elif kind == "remove":
        warming.remove(name)
    elif name in warming.wanted():
        warming.supply(name, Supply(str(number).encode()))
    warming.prune()


@given(_STEPS)
@settings(max_examples=300, deadline=None)
def test_a_listener_in_force_always_has_its_routes(steps: list[tuple[str, str, frozenset[str]]]) -> None:
    workers = _Workers()
    warming = WarmingSet(Kinds("listener", "routes", True), workers.publish, lambda: 0.0)
    for number, step in enumerate(steps):
        _apply(warming, number, step)
        for resource in warming.active.values():
            assert all(("routes", need) in workers.told for need in resource.needs)
        for resource in warming.warming.values():
            assert resource.needs - warming.supplies.keys()
        fresh = {(kind, name): data for kind, name, data in warming.snapshot()}
        assert fresh.items() <= workers.told.items(), "a new worker and an old one know the same"
        assert {key for key in fresh if key[0] == "listener"} == {key for key in workers.told if key[0] == "listener"}
