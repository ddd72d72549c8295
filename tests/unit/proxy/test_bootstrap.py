"""Bootstrap files."""

from pathlib import Path

import pytest

from tulle.foundation.errors import InvalidInput, UsageError
from tulle.proxy.bootstrap import (
    SUPPORTED,
    ads_cluster,
    describe_node,
    flush_interval_s,
    parse_bootstrap,
    read_bootstrap,
    split_path,
)

_CLUSTER = {
    "envoy.config.cluster.v3.Cluster": frozenset({"name", "type", "connect_timeout", "load_assignment"}),
    "envoy.config.endpoint.v3.ClusterLoadAssignment": frozenset({"cluster_name", "endpoints"}),
}
_ALL = {**SUPPORTED, **_CLUSTER}

_ADS = """
node: {id: n, cluster: c}
dynamic_resources:
  cds_config: {ads: {}, resource_api_version: V3}
  ads_config:
    api_type: DELTA_GRPC
    transport_api_version: V3
    grpc_services: [{envoy_grpc: {cluster_name: xds}}]
static_resources:
  clusters:
  - {name: xds, type: STATIC, connect_timeout: 1s}
"""


def _problems(text: str) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        parse_bootstrap(text, "b.yaml", _ALL)
    return [str(problem) for problem in caught.value.problems]


def test_yaml_and_json_are_read_alike(tmp_path: Path) -> None:
    yaml, json = tmp_path / "b.yaml", tmp_path / "b.json"
    yaml.write_text("node:\n  id: n\nstats_flush_interval: 2.5s\n")
    json.write_text('{"node": {"id": "n"}, "statsFlushInterval": "2.5s"}')
    protos = [read_bootstrap(str(path), _ALL).proto for path in (yaml, json)]
    assert protos[0] == protos[1]
    assert flush_interval_s(protos[0]) == 2.5


def test_all_unknown_fields_are_named_with_their_places() -> None:
    problems = _problems("node: {id: n}\nadmn: {}\nstatic_resources:\n  clusters:\n  - nme: a\n")
    assert problems[0].startswith("b.yaml:2:1: admn: unknown field")
    assert "did you mean admin?" in problems[0]
    assert problems[1].startswith("b.yaml:5:5: static_resources.clusters[0].nme: unknown field")


def test_all_unsupported_and_invalid_fields_are_named_with_their_places() -> None:
    text = "static_resources:\n  clusters:\n  - name: a\n    dns_refresh_rate: 1s\n  - name: ''\n"
    problems = _problems(text)
    assert "b.yaml:4:5: static_resources.clusters[0].dns_refresh_rate: this field is not supported" in problems
    assert any(problem.startswith("b.yaml:5:5: static_resources.clusters[1].name") for problem in problems)


def test_the_cluster_of_the_aggregated_stream_must_exist() -> None:
    file = parse_bootstrap(_ADS, "b.yaml", _ALL)
    cluster = ads_cluster(file.proto)
    assert cluster is not None
    assert cluster.name == "xds"
    assert "xds2 is not a static cluster" in _problems(_ADS.replace("name: xds}}]", "name: xds2}}]"))[0]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("api_type: DELTA_GRPC", "api_type: REST", "REST is not supported"),
        ("node: {id: n, cluster: c}", "node: {cluster: c}", "id must be set"),
        ("[{envoy_grpc: {cluster_name: xds}}]", "[]", "wants exactly one service"),
        ("cds_config: {ads: {},", "cds_config: {path: x,", "this field is not supported"),
    ],
)
def test_a_source_of_configuration_that_cannot_work_is_refused(old: str, new: str, message: str) -> None:
    assert message in "\n".join(_problems(_ADS.replace(old, new)))


def test_ads_without_its_configuration_is_refused() -> None:
    problems = _problems("node: {id: n}\ndynamic_resources: {lds_config: {ads: {}}}\n")
    assert problems == ["b.yaml:2:21: dynamic_resources.lds_config: uses ads, but there is no ads_config"]


def test_a_broken_file_a_missing_file_and_two_documents_are_told_apart(tmp_path: Path) -> None:
    assert "b.yaml:2:1" in _problems("node: {")[0]
    assert "wants one document" in _problems("node: {}\n---\nnode: {}\n")[0]
    with pytest.raises(UsageError, match="cannot read"):
        read_bootstrap(str(tmp_path / "none.yaml"), _ALL)
    (tmp_path / "latin.yaml").write_bytes(b"node: {id: caf\xe9}")
    with pytest.raises(InvalidInput, match="UTF-8"):
        read_bootstrap(str(tmp_path / "latin.yaml"), _ALL)


def test_the_node_tells_which_program_it_is() -> None:
    proto = parse_bootstrap("node: {id: n}", "b.yaml", _ALL).proto
    describe_node(proto)
    assert proto.node.user_agent_name == "tulle"
    assert proto.node.user_agent_version


def test_a_path_splits_into_keys_and_indexes() -> None:
    assert split_path('a.b[0].c["x.y"]') == ("a", "b", 0, "c", "x.y")
