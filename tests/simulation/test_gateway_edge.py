"""What a gateway's clients say of themselves is not believed, by either proxy."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from tests.support.conformance.clients import Http1Client, Request, connect
from tests.support.conformance.engines import ENGINES, Engine
from tests.support.envoy_validation import static_bootstrap
from tulle.api.loading import load_text
from tulle.controlplane.config.store import state_of
from tulle.controlplane.push.context import build_context
from tulle.controlplane.push.node import Node

pytestmark = [pytest.mark.envoy, pytest.mark.processes]
CASE = Path(__file__).parents[1] / "golden" / "cases" / "gateway-http"


def gateway(port: int) -> dict[str, Any]:
    """A bootstrap with one port of the gateway, at any port of this machine."""
    node = msgspec.convert(yaml.safe_load((CASE / "node.yaml").read_text()), Node)
    resources = load_text((CASE / "input.yaml").read_text(), "input.yaml").resources
    bootstrap = static_bootstrap(node, build_context(state_of(resources)))
    made = json.loads(json.dumps(bootstrap["static_resources"]["listeners"]))
    (listener,) = [item for item in made if item["name"] == f"0.0.0.0_{port}"]
    listener["address"] = {"socket_address": {"address": "127.0.0.1", "port_value": 0}}
    admin = {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}}}
    return {"admin": admin, "static_resources": {"listeners": [listener]}}


@pytest.mark.parametrize("engine", ENGINES)
def test_a_client_cannot_claim_to_have_come_by_tls(engine: str, tmp_path: Path) -> None:
    proxy = Engine(engine, tmp_path, gateway(8080))
    try:
        proxy.wait()
        (port,) = proxy.listeners().values()
        client = Http1Client(connect(("127.0.0.1", port)))
        answer = client.send(Request("GET", "/a", "elsewhere.org", [("x-forwarded-proto", "https")]))
        client.close()
    finally:
        proxy.stop()
    assert answer.message is not None, answer.failure
    fields = dict(answer.message.fields)
    assert answer.message.status == 301
    assert fields["location"] == "https://elsewhere.org/a"
