"""The gateway's resources."""

import json

from tulle.api.loading import load_text
from tulle.cli.mesh.gateway import gateway_resource, gateway_settings, gateway_workload


def test_rules_speak_of_the_port_and_the_proxy_listens_at_another() -> None:
    service, entry = gateway_workload(80, 18080)
    assert service["spec"]["ports"][0]["port"] == 80  # type: ignore[index]
    assert entry["spec"]["ports"] == {"http": 18080}  # type: ignore[index]
    assert service["spec"]["selector"].items() <= entry["spec"]["labels"].items()  # type: ignore[index]


def test_the_gateway_selects_its_own_proxy_and_all_of_it_is_honoured() -> None:
    gateway = gateway_resource("default", 80, ["*"])
    labels = gateway_settings(("127.0.0.1", 15010)).labels
    assert gateway["spec"]["selector"].items() <= labels.items()  # type: ignore[index]
    text = "\n---\n".join(json.dumps(item) for item in [gateway, *gateway_workload(80, 18080)])
    assert load_text(text, "gateway.yaml").problems == ()
