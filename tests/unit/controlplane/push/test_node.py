"""Nodes."""

from tulle.controlplane.push.node import parse_node
from tulle.protos.messages import Node
from tulle.protos.reading import parse_message


def test_istios_id_and_metadata_are_read() -> None:
    message = parse_message(
        Node,
        {
            "id": "router~10.0.0.1~gw.edge~edge.svc.cluster.local",
            "metadata": {"LABELS": {"istio": "gw"}, "INTERCEPTION_MODE": "NONE", "INSTANCE_IPS": "10.0.0.1,::1"},
        },
    )
    node = parse_node(message)
    assert (node.kind, node.namespace, node.labels, node.explicit) == ("router", "edge", {"istio": "gw"}, True)
    assert node.ip_addresses == ("10.0.0.1", "::1")


def test_any_other_id_is_a_sidecar_in_default() -> None:
    node = parse_node(Node(id="test"))
    assert (node.kind, node.namespace, node.address, node.explicit) == ("sidecar", "default", "127.0.0.1", False)
