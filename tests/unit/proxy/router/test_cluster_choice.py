"""The choice of a cluster."""

import pytest

from tests.support.route_tables import request
from tulle.proxy.router.cluster_choice import ClusterChoice, FixedCluster, HeaderCluster, WeightedClusters


def _weighted(*weights: int, header: bytes | None = None) -> WeightedClusters:
    entries = [(weight, FixedCluster(ClusterChoice(f"c{at}"))) for at, weight in enumerate(weights)]
    return WeightedClusters(entries, header)


def _name(choice: ClusterChoice | None) -> str | None:
    return None if choice is None else choice.cluster_name


def test_weights_divide_the_random_values_in_order() -> None:
    clusters = _weighted(30, 0, 70)
    names = [_name(clusters.pick(request(), value)) for value in (0, 29, 30, 99, 100, 129, 130, (1 << 64) - 1)]
    assert names == ["c0", "c0", "c2", "c2", "c0", "c0", "c2", "c0"]


@pytest.mark.parametrize(
    ("values", "name"),
    [(["31"], "c1"), (["1"], "c0"), (["x"], "c0"), (["31", "31"], "c0"), ([], "c0"), (["9" * 20], "c0")],
)
def test_a_header_can_bring_the_random_value(values: list[str], name: str) -> None:
    clusters = _weighted(30, 70, header=b"x-random")
    assert _name(clusters.pick(request(fields=[("x-random", value) for value in values]), 5)) == name


def test_a_header_can_name_the_cluster() -> None:
    template = ClusterChoice("")
    template.per_filter = {"f": 1}
    picker = HeaderCluster(b"x-c", template)
    choice = picker.pick(request(fields=[("x-c", "one"), ("x-c", "two")]), 0)
    assert choice is not None
    assert (choice.cluster_name, choice.per_filter) == ("one", {"f": 1})
    assert picker.pick(request(), 0) is None
    assert picker.pick(request(fields=[("x-c", "")]), 0) is None
