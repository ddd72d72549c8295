"""All clusters of one worker."""

from collections.abc import Callable, Sequence
from typing import Any

from tulle.protos.messages import Cluster as ClusterProto
from tulle.proxy.telemetry.stats import StatsStore
from tulle.proxy.upstream.cluster import Cluster, HostsRemoved, make_cluster, stat_prefix
from tulle.proxy.upstream.hosts import Host


class ClusterSet:
    """Clusters by name, kept up to date by what the main process publishes; messages were checked there.

    `get(name)` is the hot look-up. Each of `on_removed` is told of hosts that left a cluster, also because the whole
    cluster left or was replaced.
    """

    __slots__ = ("_clusters", "_endpoints", "_store", "_users", "get", "on_removed")

    def __init__(self, store: StatsStore) -> None:
        self._store = store
        self._clusters: dict[str, Cluster] = {}
        self._endpoints: dict[str, bytes] = {}  # what was last published under a name
        self._users: dict[str, set[str]] = {}  # name of endpoints → names of the clusters that use them
        self.get: Callable[[str], Cluster | None] = self._clusters.get
        self.on_removed: list[HostsRemoved] = []

    def __len__(self) -> int:
        return len(self._clusters)

    def put(self, name: str, data: bytes) -> Cluster:
        """Takes a new or changed cluster over; its endpoints, if they are known already, with it."""
        proto = ClusterProto.FromString(data)
        before = self._clusters.get(name)
        if before is not None and before.stats.prefix != stat_prefix(proto.alt_stat_name or proto.name):
            before.stats.close()
        cluster = make_cluster(proto, self._store)
        cluster.on_removed = self._tell_removed
        endpoints = self._endpoints.get(cluster.endpoints_name)
        if endpoints is not None:
            cluster.update_endpoints(endpoints)
        self._clusters[name] = cluster
        self._note_use(name, before, cluster)
        if before is not None:
            before.retire()
        return cluster

    def put_endpoints(self, name: str, data: bytes) -> None:
        """Takes a serialized ClusterLoadAssignment over for every cluster that uses it."""
        if self._endpoints.get(name) == data:
            return
        self._endpoints[name] = data
        for user in self._users.get(name, ()):
            self._clusters[user].update_endpoints(data)

    def remove(self, name: str) -> None:
        """Drops a cluster with its stats."""
        cluster = self._clusters.pop(name, None)
        if cluster is not None:
            self._note_use(name, cluster, None)
            cluster.retire()
            cluster.stats.close()

    def describe(self) -> list[dict[str, Any]]:
        """Every cluster with its hosts in plain values."""
        return [cluster.describe() for cluster in self._clusters.values()]

    def _note_use(self, name: str, before: Cluster | None, after: Cluster | None) -> None:
        if after is not None and after.endpoints_name:
            self._users.setdefault(after.endpoints_name, set()).add(name)
        if before is None or (after is not None and before.endpoints_name == after.endpoints_name):
            return
        users = self._users.get(before.endpoints_name)
        if users is not None:
            users.discard(name)
            if not users:
                del self._users[before.endpoints_name]
                self._endpoints.pop(before.endpoints_name, None)

    def _tell_removed(self, cluster: Cluster, hosts: Sequence[Host]) -> None:
        for callback in self.on_removed:
            callback(cluster, hosts)
