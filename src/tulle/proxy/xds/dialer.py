"""Opens gRPC calls to the endpoints of a static cluster, one endpoint after the other."""

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from tulle.protos.messages import Cluster, GrpcService
from tulle.proxy.xds.grpc_stream import Call, GrpcStream

_CONNECT_TIMEOUT_S = 5.0  # Envoy: Cluster.connect_timeout


class Target(NamedTuple):
    """An address and port, or a Unix socket when the port is 0."""

    address: str
    port: int


class Dialer:
    """Where a gRPC service of the bootstrap is."""

    def __init__(self, cluster: Cluster, service: GrpcService) -> None:
        self.cluster_name = cluster.name
        self._authority = service.envoy_grpc.authority or cluster.name
        self._metadata = [(item.key.lower().encode(), item.value.encode()) for item in service.initial_metadata]
        self._timeout_s = (
            cluster.connect_timeout.ToMilliseconds() / 1000
            if cluster.HasField("connect_timeout")
            else _CONNECT_TIMEOUT_S
        )
        self._targets = targets_of(cluster)
        self._next = 0

    async def dial(self, path: str, on_message: Callable[[bytes], None]) -> GrpcStream:
        """A new call of this gRPC method; OSError when the endpoint whose turn it is does not answer."""
        if not self._targets:
            raise OSError(f"the cluster {self.cluster_name} has no endpoints")
        target = self._targets[self._next % len(self._targets)]
        self._next += 1
        call = Call(path, self._authority, self._metadata)
        loop = asyncio.get_running_loop()

        def make() -> GrpcStream:
            return GrpcStream(call, on_message)

        try:
            async with asyncio.timeout(self._timeout_s):
                if target.port:
                    _, stream = await loop.create_connection(make, target.address, target.port)
                else:
                    _, stream = await loop.create_unix_connection(make, target.address)
        except TimeoutError as error:
            raise OSError(f"no connection to {target.address}:{target.port} in {self._timeout_s:g} s") from error
        return stream


def targets_of(cluster: Cluster) -> list[Target]:
    """The addresses in the cluster's own load assignment."""
    targets: list[Target] = []
    for locality in cluster.load_assignment.endpoints:
        for endpoint in locality.lb_endpoints:
            address = endpoint.endpoint.address
            if address.WhichOneof("address") == "pipe":
                targets.append(Target(address.pipe.path, 0))
            else:
                targets.append(Target(address.socket_address.address, address.socket_address.port_value))
    return targets
