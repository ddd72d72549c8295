"""The bootstrap of a proxy."""

from tulle.agent.bootstrap import ProxySettings, render_bootstrap, sidecar_settings
from tulle.agent.workload import Workload
from tulle.protos.messages import Bootstrap
from tulle.protos.reading import parse_message
from tulle.protos.validate import validate


def test_the_bootstrap_is_a_valid_bootstrap_of_envoy() -> None:
    settings = sidecar_settings(Workload("reviews", "127.9.0.3", 9080, 40001), ("127.0.0.1", 15010))
    message = parse_message(Bootstrap, render_bootstrap(settings))
    assert validate(message) == []
    assert message.node.id == "sidecar~127.9.0.3~reviews-v1-127-9-0-3.default~default.svc.cluster.local"


def test_a_gateway_asks_for_state_of_the_world_when_it_is_told_so() -> None:
    settings = ProxySettings("router", "gw", "127.9.0.1", ("127.0.0.1", 1), "istio-system", delta=False)
    message = parse_message(Bootstrap, render_bootstrap(settings))
    assert message.dynamic_resources.ads_config.api_type == 2
    assert message.node.id.startswith("router~")
