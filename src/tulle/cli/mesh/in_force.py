"""Whether the mesh knows of workloads, and every proxy of them."""

import asyncio
from collections.abc import Collection

from tulle.cli.mesh.fetch import get_json
from tulle.foundation.errors import Unreachable

_LOOK_S = 0.05
_SETTLED = ("SYNCED", "NOT SENT", "ERROR")  # a proxy that refuses will not change its mind
_TYPES = ("CDS", "EDS", "LDS", "RDS")


async def wait_until_in_force(admin_url: str, addresses: Collection[str], timeout_s: float = 10.0) -> bool:
    """Returns when all `addresses` are endpoints and all proxies have answered; False when they have not in time."""
    clock = asyncio.get_running_loop().time
    deadline = clock() + timeout_s
    settled = 0
    while clock() < deadline:
        # A push goes out a moment after the endpoints are known: only the second look counts.
        settled = settled + 1 if await asyncio.to_thread(_is_in_force, admin_url, addresses) else 0
        if settled == 2:
            return True
        await asyncio.sleep(_LOOK_S)
    return False


def _is_in_force(admin_url: str, addresses: Collection[str]) -> bool:
    try:
        endpoints, proxies = get_json(f"{admin_url}/debug/endpointz"), get_json(f"{admin_url}/debug/syncz")
    except Unreachable:
        return False
    if not isinstance(endpoints, list) or not isinstance(proxies, list):
        return False
    known = {str(item.get("address")) for item in endpoints}
    words = {proxy[kind]["status"] for proxy in proxies for kind in _TYPES}
    return known >= set(addresses) and words <= set(_SETTLED)
