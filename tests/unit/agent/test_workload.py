"""A workload's resources."""

from tulle.agent.workload import INBOUND_PORT, WORKLOAD_LABEL, Upstream, Workload, registration


def test_the_service_selects_the_workload_and_the_sidecar_selects_only_this_process() -> None:
    workload = Workload("reviews", "127.9.0.3", 9080, 40001, version="v2")
    service, entry, sidecar = registration(workload)
    labels = entry["spec"]["labels"]  # type: ignore[index]
    assert service["spec"]["selector"].items() <= labels.items()  # type: ignore[index]
    assert sidecar["spec"]["workloadSelector"]["labels"] == {WORKLOAD_LABEL: "reviews-v2-127-9-0-3"}  # type: ignore[index]
    assert labels["version"] == "v2"
    port = service["spec"]["ports"][0]  # type: ignore[index]
    assert entry["spec"]["ports"] == {port["name"]: INBOUND_PORT}  # type: ignore[index]


def test_what_comes_in_at_the_sidecar_goes_to_the_application() -> None:
    _, _, sidecar = registration(Workload("reviews", "127.9.0.3", 9080, 40001))
    (ingress,) = sidecar["spec"]["ingress"]  # type: ignore[index]
    assert (ingress["bind"], ingress["port"]["number"]) == ("127.9.0.3", INBOUND_PORT)
    assert ingress["defaultEndpoint"] == "127.0.0.1:40001"


def test_an_upstream_has_a_port_of_its_own_and_the_rest_of_the_mesh_stays_visible() -> None:
    upstream = Upstream("db", 5432, 20001, "TCP")
    _, _, sidecar = registration(Workload("web", "127.9.0.4", 80, 40002, upstreams=(upstream,)))
    first, rest = sidecar["spec"]["egress"]  # type: ignore[index]
    assert first["hosts"] == ["*/db.default.svc.cluster.local"]
    assert first["port"]["number"] == 20001
    assert rest == {"hosts": ["*/*"]}
