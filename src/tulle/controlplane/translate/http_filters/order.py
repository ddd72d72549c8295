"""THE ORDER of the HTTP filters in every connection manager; the router follows them."""

from collections.abc import Callable
from typing import Any

from tulle.controlplane.translate.http_filters.cors import CORS_FILTER, cors_filter
from tulle.controlplane.translate.http_filters.fault import FAULT_FILTER, fault_filter
from tulle.protos.messages import HttpFilter

# Names as in Istio, so that what is written against its configuration finds them.
ORDER: tuple[tuple[str, Callable[[], Any]], ...] = ((FAULT_FILTER, fault_filter), (CORS_FILTER, cors_filter))


def http_filters() -> list[HttpFilter]:
    """Those before the router."""
    found = []
    for name, build in ORDER:
        item = HttpFilter(name=name)
        item.typed_config.Pack(build(), deterministic=True)
        found.append(item)
    return found
