"""Back references."""

from tests.mesh import REVIEWS, context_of
from tulle.controlplane.translate.origin import origin_of, set_origin, set_service
from tulle.protos.messages import Metadata
from tulle.protos.reading import to_dict


def test_the_path_of_a_resource_is_that_of_its_api() -> None:
    (rule,) = context_of(REVIEWS).config.of_kind("DestinationRule")
    assert origin_of(rule) == "/apis/networking.istio.io/v1/namespaces/shop/destination-rule/reviews"


def test_rule_and_service_of_a_cluster_stand_side_by_side() -> None:
    context, metadata = context_of(REVIEWS), Metadata()
    (rule,), (service,) = context.config.of_kind("DestinationRule"), context.registry.services
    set_service(metadata, service, 9080, "v1")
    set_origin(metadata, rule)
    assert to_dict(metadata)["filter_metadata"] == {
        "istio": {
            "config": origin_of(rule),
            "default_original_port": 9080.0,
            "services": [{"host": service.hostname, "name": "reviews", "namespace": "shop"}],
            "subset": "v1",
        }
    }
