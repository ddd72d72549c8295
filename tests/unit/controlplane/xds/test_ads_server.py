"""The server's waiting: a client that is behind gets only the newest context."""

import asyncio

from tests.mesh import REVIEWS, context_of
from tulle.controlplane.xds.ads_server import AdsServer
from tulle.controlplane.xds.status import Ledger


def test_several_changes_become_one_push_for_a_client_that_is_behind() -> None:
    async def main() -> None:
        first, second, third = (context_of(REVIEWS) for _ in range(3))
        server = AdsServer(first, Ledger())
        await server.publish(second)
        await server.publish(third)
        assert await server.wait_for_other(first) is third

    asyncio.run(main())
