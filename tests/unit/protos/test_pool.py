"""The descriptor pool."""

import subprocess
import sys

import pytest

from tulle.protos.pool import class_of_type_url, message_class, pool, type_url_of

_LOADING = """
import time
from google.protobuf import descriptor_pool
import tulle.protos.pool as p
start = time.process_time()
p.pool()
print(time.process_time() - start)
"""


def test_the_whole_api_of_envoy_loads_in_a_private_pool_in_under_25_ms_of_cpu() -> None:
    seconds = min(
        float(subprocess.run([sys.executable, "-c", _LOADING], capture_output=True, text=True, check=True).stdout)
        for _ in range(3)
    )
    assert seconds < 0.025


def test_validation_rules_and_xds_and_udpa_types_are_part_of_the_set() -> None:
    assert pool().FindExtensionByName("validate.rules").full_name == "validate.rules"
    assert pool().FindMessageTypeByName("xds.core.v3.ResourceLocator")
    assert pool().FindFileByName("udpa/annotations/status.proto")


def test_a_type_url_leads_to_its_class_and_back() -> None:
    url = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
    assert type_url_of(class_of_type_url(url)) == url


def test_an_unknown_message_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        message_class("envoy.no.Such")


def test_a_message_whose_package_is_not_its_folder_is_found_too() -> None:
    assert message_class("envoy.extensions.filters.http.golang.v3alpha.Config")
