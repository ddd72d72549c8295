"""Whether the mesh knows of a workload."""

import asyncio

from tests.support.json_server import json_server
from tulle.agent.addresses import free_port
from tulle.cli.mesh.in_force import wait_until_in_force


def proxy(word: str) -> dict[str, object]:
    return {"proxy": "a", **{kind: {"status": word} for kind in ("CDS", "EDS", "LDS", "RDS")}}


def test_a_workload_is_in_force_when_it_is_an_endpoint_and_every_proxy_has_answered() -> None:
    looks = iter([[], [proxy("STALE")]])
    with json_server(debug_endpointz=[{"address": "127.9.0.1"}]) as server:
        server.pages["/debug/syncz"] = lambda: next(looks, [proxy("SYNCED"), proxy("ERROR")])
        assert asyncio.run(wait_until_in_force(server.url, ["127.9.0.1"]))
        assert not asyncio.run(wait_until_in_force(server.url, ["127.9.0.2"], 0.2))


def test_a_control_plane_that_does_not_answer_knows_nothing() -> None:
    assert not asyncio.run(wait_until_in_force(f"http://127.0.0.1:{free_port()}", [], 0.1))
