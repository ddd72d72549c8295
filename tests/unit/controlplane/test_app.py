"""The control plane as a whole, in this process."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import grpc.aio
import pytest

from tests.mesh import HOST, REVIEWS
from tulle.cli.mesh.fetch import get_json, get_text
from tulle.controlplane.app import ControlPlane, run_control_plane
from tulle.controlplane.settings import Settings
from tulle.controlplane.xds.ads_server import SERVICE
from tulle.foundation.errors import TulleError
from tulle.protos.messages import DiscoveryRequest, DiscoveryResponse
from tulle.protos.type_urls import CLUSTER

Check = Callable[[ControlPlane, str], Awaitable[None]]


def with_control_plane(folder: Path, check: Check) -> None:
    """Runs `check` beside a control plane on free ports."""

    async def main() -> None:
        stop = asyncio.Event()
        settings = Settings((str(folder),), "127.0.0.1:0", "127.0.0.1:0", quiet_s=0.01)
        plane = ControlPlane(settings)
        async with asyncio.TaskGroup() as group:
            group.create_task(plane.run(stop))
            await asyncio.wait_for(plane.started.wait(), 20)
            try:
                await check(plane, f"http://127.0.0.1:{plane.admin_port}")
            finally:
                stop.set()

    asyncio.run(main())


def test_a_client_gets_clusters_and_each_change_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "mesh.yaml").write_text(REVIEWS)

    async def check(plane: ControlPlane, _: str) -> None:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{plane.xds_port}") as channel:
            call = channel.stream_stream(
                f"/{SERVICE}/StreamAggregatedResources",
                request_serializer=DiscoveryRequest.SerializeToString,
                response_deserializer=DiscoveryResponse.FromString,
            )()
            request = DiscoveryRequest(type_url=CLUSTER)
            request.node.id = "sidecar~10.9.9.9~a.shop~shop.svc.cluster.local"
            await call.write(request)
            first = await call.read()
            names = [item.value for item in first.resources]
            assert any(f"outbound|9080|v2|{HOST}".encode() in name for name in names)
            await call.write(DiscoveryRequest(type_url=CLUSTER, response_nonce=first.nonce))
            (tmp_path / "mesh.yaml").write_text(REVIEWS.replace("name: v2", "name: v9"))
            second = await asyncio.wait_for(call.read(), 20)
            assert any(f"outbound|9080|v9|{HOST}".encode() in item.value for item in second.resources)
            nack = DiscoveryRequest(type_url=CLUSTER, response_nonce=second.nonce)
            nack.error_detail.message = "no such field"
            await call.write(nack)
            while not plane.ledger.rejects:
                await asyncio.sleep(0)
            call.cancel()

    with_control_plane(tmp_path, check)


def test_a_file_that_breaks_is_shown_with_its_place_and_the_old_state_stays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mesh.yaml"
    file.write_text(REVIEWS)

    async def check(plane: ControlPlane, url: str) -> None:
        file.write_text(REVIEWS + "---\nkind: [")
        while not plane.problems:
            await asyncio.sleep(0.01)
        (problem,) = json.loads(await asyncio.to_thread(get_text, f"{url}/debug/problems"))
        assert (problem["code"], problem["line"] > 0, ">" in problem["frame"]) == ("TUL0001", True, True)
        assert plane.context.service(HOST) is not None

    with_control_plane(tmp_path, check)
    shown = capsys.readouterr().err
    assert "mesh.yaml:" in shown
    assert "the last good version stays in force" in shown


def test_every_page_of_the_admin_interface_answers(tmp_path: Path) -> None:
    (tmp_path / "mesh.yaml").write_text(REVIEWS)

    async def check(_: ControlPlane, url: str) -> None:
        assert await asyncio.to_thread(get_text, f"{url}/ready") == "ready\n"
        assert "pilot_services 1.0" in await asyncio.to_thread(get_text, f"{url}/metrics")
        for page in ("configz", "registryz", "endpointz", "syncz"):
            assert isinstance(await asyncio.to_thread(get_json, f"{url}/debug/{page}"), list)

    with_control_plane(tmp_path, check)


def test_an_address_that_is_taken_is_an_error(tmp_path: Path) -> None:
    async def main() -> None:
        stop = asyncio.Event()
        await run_control_plane(Settings((str(tmp_path),), "256.0.0.1:1", "127.0.0.1:0"), stop)

    with pytest.raises(TulleError, match="cannot listen"):
        asyncio.run(main())
