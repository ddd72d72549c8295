"""Where calls go."""

import asyncio

import pytest

from tests.support.fake_xds import fake_server
from tulle.protos.messages import Cluster, GrpcService
from tulle.protos.reading import parse_message
from tulle.proxy.xds.dialer import Dialer, Target, targets_of
from tulle.proxy.xds.sotw import Sotw


def _cluster(*addresses: dict[str, object]) -> Cluster:
    endpoints = [{"endpoint": {"address": address}} for address in addresses]
    assignment = {"cluster_name": "xds", "endpoints": [{"lb_endpoints": endpoints}]}
    return parse_message(Cluster, {"name": "xds", "connect_timeout": "1s", "load_assignment": assignment})


def _tcp(port: int) -> dict[str, object]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def test_addresses_and_unix_sockets_are_targets() -> None:
    cluster = _cluster(_tcp(80), {"pipe": {"path": "/run/xds.sock"}})
    assert targets_of(cluster) == [Target("127.0.0.1", 80), Target("/run/xds.sock", 0)]


def test_endpoints_take_turns_so_that_a_dead_one_is_passed(unused_port: int) -> None:
    async def talk() -> None:
        async with fake_server() as server:
            service = GrpcService()
            service.envoy_grpc.authority = "control.example"
            service.initial_metadata.add(key="X-Key", value="v")
            dialer = Dialer(_cluster(_tcp(unused_port), _tcp(server.port)), service)
            with pytest.raises(OSError):  # noqa: PT011
                await dialer.dial(Sotw.method, lambda data: None)
            stream = await dialer.dial(Sotw.method, lambda data: None)
            assert (await server.stream()).metadata["x-key"] == "v"
            stream.close()

    asyncio.run(talk())


def test_a_cluster_without_endpoints_cannot_be_dialled() -> None:
    with pytest.raises(OSError, match="has no endpoints"):
        asyncio.run(Dialer(Cluster(name="xds"), GrpcService()).dial("/a/b", lambda data: None))
