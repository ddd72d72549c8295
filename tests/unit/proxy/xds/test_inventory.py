"""The inventory."""

from tulle.protos.messages import Cluster, Listener
from tulle.protos.type_urls import CLUSTER, ENDPOINT, LISTENER
from tulle.proxy.xds.inventory import Inventory
from tulle.proxy.xds.warming import Supply


def _eds_cluster(name: str) -> Cluster:
    return Cluster(name=name, type=Cluster.EDS)


def test_a_static_cluster_is_not_replaced_by_a_server() -> None:
    inventory = Inventory(lambda *what: None)
    inventory.put_cluster(Cluster(name="a"), static=True)
    assert not inventory.put_cluster(_eds_cluster("a"), "v1")
    assert inventory.clusters.active["a"].static
    assert inventory.dynamic_names(CLUSTER) == set()


def test_names_of_a_server_include_what_is_still_warming() -> None:
    inventory = Inventory(lambda *what: None)
    inventory.put_cluster(Cluster(name="a"))
    inventory.put_cluster(_eds_cluster("b"))
    inventory.put_listener(Listener(name="l"))
    assert inventory.dynamic_names(CLUSTER) == {"a", "b"}
    assert inventory.dynamic_names(LISTENER) == {"l"}


def test_a_new_worker_hears_of_clusters_then_endpoints_then_listeners() -> None:
    inventory = Inventory(lambda *what: None)
    inventory.put_listener(Listener(name="l"))
    inventory.put_cluster(_eds_cluster("b"))
    inventory.clusters.supply("b", Supply(b"e"))
    assert [(kind, name) for kind, name, _ in inventory.snapshot()] == [
        (CLUSTER, "b"),
        (ENDPOINT, "b"),
        (LISTENER, "l"),
    ]


def test_the_nearest_deadline_counts() -> None:
    now = [10.0]
    inventory = Inventory(lambda *what: None, clock=lambda: now[0])
    assert inventory.next_deadline() is None
    inventory.put_cluster(_eds_cluster("b"))
    assert inventory.next_deadline() == 25.0
    now[0] = 25.0
    inventory.expire()
    assert "b" in inventory.clusters.active


def test_clusters_whose_hosts_are_names_are_told_apart_and_the_version_to_come_counts() -> None:
    inventory = Inventory(lambda *what: None)
    inventory.put_cluster(Cluster(name="eds", type=Cluster.EDS))
    inventory.put_cluster(Cluster(name="dns", type=Cluster.STRICT_DNS))
    (name,) = inventory.clusters.warming["dns"].needs
    inventory.clusters.give_up(name)
    inventory.put_cluster(Cluster(name="dns", type=Cluster.LOGICAL_DNS))
    found = inventory.resolved_clusters()
    assert {name: Cluster.FromString(data).type for name, data in found.items()} == {"dns": Cluster.LOGICAL_DNS}
