"""/config_dump."""

import asyncio
import json
from typing import Any

from google.protobuf.message import Message

from tests.support.fake_proxy import FakeProxy
from tulle.protos.messages import Cluster, ClustersConfigDump, ListenersConfigDump
from tulle.proxy.admin.config_dump_page import render_config_dump


def _proxy() -> FakeProxy:
    proxy = FakeProxy()
    clusters = ClustersConfigDump(version_info="7")
    for name in ("a", "b"):
        clusters.static_clusters.add().cluster.Pack(Cluster(name=name))
    parts: list[Message] = [clusters, ListenersConfigDump()]
    for part in parts:
        proxy.dump.configs.add().Pack(part)
    return proxy


def _dump(**query: str) -> Any:
    answer = asyncio.run(render_config_dump(_proxy(), query))
    return json.loads(answer.body) if answer.status == 200 else (answer.status, answer.body)


def test_parts_are_typed_and_resources_open() -> None:
    configs = _dump()["configs"]
    assert [config["@type"].rpartition(".")[2] for config in configs] == ["ClustersConfigDump", "ListenersConfigDump"]
    assert configs[0]["static_clusters"][0]["cluster"] == {
        "@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster",
        "name": "a",
    }


def test_one_resource_is_listed_alone_and_an_unknown_one_is_not_found() -> None:
    configs = _dump(resource="static_clusters")["configs"]
    assert [config["cluster"]["name"] for config in configs] == ["a", "b"]
    assert configs[0]["@type"] == "type.googleapis.com/envoy.admin.v3.ClustersConfigDump.StaticCluster"
    assert _dump(resource="nope") == (404, "nope not found in config dump")


def test_a_name_pattern_keeps_what_matches() -> None:
    assert [config["cluster"]["name"] for config in _dump(resource="static_clusters", name_regex="^b")["configs"]] == [
        "b"
    ]
    assert len(_dump(name_regex="^b")["configs"][0]["static_clusters"]) == 1


def test_a_mask_keeps_the_named_fields_and_parts_without_them_go() -> None:
    (config,) = _dump(mask="static_clusters")["configs"]
    assert set(config) == {"@type", "static_clusters"}


def test_endpoints_come_when_they_are_asked_for() -> None:
    proxy = _proxy()
    asyncio.run(render_config_dump(proxy, {}))
    asyncio.run(render_config_dump(proxy, {"include_eds": ""}))
    assert proxy.done == [("dump", False), ("dump", True)]
