"""The pools of a worker: made for a host when it is first asked for, drained when the host is gone."""

from collections.abc import Sequence

from tulle.proxy.http.h1.client import Http1ClientConnection
from tulle.proxy.http.h2.client import Http2ClientConnection
from tulle.proxy.http.runtime import HttpRuntime
from tulle.proxy.upstream.cluster import Cluster
from tulle.proxy.upstream.connector import Connector
from tulle.proxy.upstream.hosts import Host
from tulle.proxy.upstream.pools import HttpPool, Pooled, PoolPlace

Pools = list[HttpPool | None]
H1, H2 = 1, 2


class UpstreamPools:
    """`pool_of` is called for every request."""

    __slots__ = ("_connector", "_runtime")

    def __init__(self, runtime: HttpRuntime, connector: Connector) -> None:
        self._runtime = runtime
        self._connector = connector

    def pool_of(self, cluster: Cluster, host: Host, protocol: int, priority: int) -> HttpPool:
        """The pool of this host (it hangs on `host.pool`), by protocol and priority."""
        pools: Pools | None = host.pool  # type: ignore[assignment]
        index = protocol - 1 + 2 * priority
        if pools is not None:
            pool = pools[index]
            if pool is not None:
                return pool
        else:
            pools = [None, None, None, None]
            host.pool = pools
        pool = pools[index] = self._make(PoolPlace(cluster, host, priority), protocol)
        return pool

    def _make(self, place: PoolPlace, protocol: int) -> HttpPool:
        if protocol == H2:
            return HttpPool(place, self._connector, self._make_h2, place.cluster.http.max_concurrent_streams)
        return HttpPool(place, self._connector, self._make_h1, 1)

    def _make_h1(self, pool: HttpPool) -> Pooled:
        return Http1ClientConnection(pool, self._runtime)

    def _make_h2(self, pool: HttpPool) -> Pooled:
        return Http2ClientConnection(pool, self._runtime)

    @staticmethod
    def drain(cluster: Cluster, hosts: Sequence[Host]) -> None:
        """Hosts left a cluster."""
        for host in hosts:
            pools: Pools | None = host.pool  # type: ignore[assignment]
            for pool in pools or ():
                if pool is not None:
                    pool.drain()
