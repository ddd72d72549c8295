"""What the demo consists of."""

from collections import Counter

from tulle.api.loading import load_text
from tulle.cli.demo.mesh import (
    as_json,
    gateway_resources,
    plan_workloads,
    reviews_rules,
    services_plan,
    shares,
)


def test_there_are_seven_workloads_each_with_an_address_of_its_own() -> None:
    workloads = plan_workloads()
    assert len({workload.address for workload in workloads}) == 7
    assert len(services_plan(workloads).instances) == 7


def test_all_resources_of_the_demo_are_good_and_every_field_of_them_is_honoured() -> None:
    for resources in (gateway_resources(8080), reviews_rules({"v1": 90, "v2": 10}, {"jason": "v3"})):
        import json

        result = load_text("\n---\n".join(json.dumps(item) for item in resources), "demo.yaml")
        assert result.problems == ()


def test_shares_are_percents() -> None:
    assert shares(Counter({"v1": 3, "v2": 1})) == {"v1": 75.0, "v2": 25.0}
    assert '"passed": false' in as_json([{"passed": False}])
