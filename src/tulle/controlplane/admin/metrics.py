"""Metrics of a control plane under Istio's names (pilot_*)."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from tulle.api.problems import Problem
from tulle.controlplane.push.context import PushContext
from tulle.controlplane.xds.status import Ledger
from tulle.foundation.version import VERSION
from tulle.protos.type_urls import SHORT_NAMES

# Istio's bounds: pilot/pkg/xds/monitoring.go
_SECONDS = (0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 3, 5, 10, 20, 30)


class Known(Protocol):
    """What metrics are read from when they are asked for."""

    ledger: Ledger

    @property
    def context(self) -> PushContext: ...
    @property
    def problems(self) -> tuple[Problem, ...]: ...


class Metrics:
    """What is counted while it happens; the rest is read from `known` at each scrape."""

    def __init__(self, known: Known) -> None:
        self._registry = CollectorRegistry()
        self.triggers = Counter(
            "pilot_push_triggers", "Changes that led to a push, by what changed.", ["type"], registry=self._registry
        )
        self.debounce = self._histogram("pilot_debounce_time", "Seconds from the first change to its push.")
        self.build = self._histogram("pilot_pushcontext_init_seconds", "Seconds to build a context.")
        self.convergence = self._histogram(
            "pilot_proxy_convergence_time", "Seconds from a context to the last response for one proxy."
        )
        self._registry.register(_Scrape(known))

    def _histogram(self, name: str, text: str) -> Histogram:
        return Histogram(name, text, buckets=_SECONDS, registry=self._registry)

    def render(self) -> bytes:
        """The text that Prometheus reads."""
        return generate_latest(self._registry)


class _Scrape(Collector):
    """Metrics that are facts of now."""

    def __init__(self, known: Known) -> None:
        self._known = known

    def collect(self) -> Iterator[Metric]:
        known = self._known
        info = GaugeMetricFamily("pilot_info", "The control plane and its version.", labels=["version"])
        info.add_metric([VERSION], 1)
        yield info
        yield GaugeMetricFamily("pilot_xds", "Connected proxies.", value=len(known.ledger.proxies))
        yield GaugeMetricFamily("pilot_services", "Services known.", value=len(known.context.registry.services))
        rules = len(known.context.config.of_kind("VirtualService"))
        yield GaugeMetricFamily("pilot_virt_services", "VirtualServices known.", value=rules)
        yield self._problems()
        ledger = known.ledger
        yield _by_type("pilot_xds_pushes", "Responses sent.", ledger.pushes)
        yield _by_type("pilot_total_xds_rejects", "Responses that proxies refused.", ledger.rejects)
        yield _by_type("pilot_xds_expired_nonce", "Answers to a response that is not the last.", ledger.stale_answers)

    def _problems(self) -> Metric:
        found = GaugeMetricFamily("tulle_config_problems", "Problems of resource files.", labels=["severity"])
        for severity in ("error", "warning", "info"):
            count = sum(problem.severity == severity for problem in self._known.problems)
            found.add_metric([severity], count)
        return found


def _by_type(name: str, text: str, counts: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(name, text, labels=["type"])
    for url, short in SHORT_NAMES.items():
        family.add_metric([short.lower()], counts.get(url, 0))
    return family
