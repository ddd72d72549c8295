"""What both variants of the protocol share."""

from tulle.protos import type_urls
from tulle.proxy.xds.delta import Delta
from tulle.proxy.xds.discovery import WILDCARD_TYPES, Machine
from tulle.proxy.xds.sotw import Sotw


def test_only_clusters_and_listeners_can_be_asked_for_without_names() -> None:
    assert frozenset({type_urls.CLUSTER, type_urls.LISTENER}) == WILDCARD_TYPES


def test_both_variants_are_machines_with_a_method_of_their_own() -> None:
    machines: tuple[type[Machine], type[Machine]] = (Sotw, Delta)
    assert len({machine.method for machine in machines}) == 2
