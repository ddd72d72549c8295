"""Which cluster a route sends a request to (source/common/router/weighted_cluster_specifier.cc)."""

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Protocol

from tulle.proxy.headers import Headers
from tulle.proxy.router.filter_configs import FilterSettings
from tulle.proxy.router.message_edits import RequestEdit, ResponseEdit

_NUMBER = re.compile(rb"[0-9]{1,20}")
_MAX_UINT64 = (1 << 64) - 1


class ClusterChoice:
    """A cluster, and what the choice of it means for the request: all levels of edits and settings put together."""

    __slots__ = ("cluster_name", "disabled_filters", "metadata_match", "per_filter", "request_edit", "response_edit")

    def __init__(self, cluster_name: str) -> None:
        self.cluster_name = cluster_name
        self.request_edit: RequestEdit | None = None
        self.response_edit: ResponseEdit | None = None
        self.per_filter: Mapping[str, object] = {}
        self.disabled_filters: Mapping[str, bool] = {}
        self.metadata_match: Mapping[str, object] | None = None

    def use_settings(self, settings: FilterSettings) -> None:
        """Takes over what holds for filters."""
        self.per_filter = settings.configs
        self.disabled_filters = settings.disabled

    def named(self, cluster_name: str) -> "ClusterChoice":
        """The same choice with another cluster."""
        twin = ClusterChoice(cluster_name)
        twin.request_edit = self.request_edit
        twin.response_edit = self.response_edit
        twin.per_filter = self.per_filter
        twin.disabled_filters = self.disabled_filters
        twin.metadata_match = self.metadata_match
        return twin


class ClusterPicker(Protocol):
    """Chooses for each request."""

    def pick(self, headers: Headers, random_value: int) -> ClusterChoice | None:
        """The choice; None when the header that should name the cluster is missing."""


class HeaderCluster:
    """A header of the request names the cluster."""

    __slots__ = ("_name", "_template")

    def __init__(self, name: bytes, template: ClusterChoice) -> None:
        self._name = name
        self._template = template

    def pick(self, headers: Headers, random_value: int) -> ClusterChoice | None:
        """The cluster that the first value of the header names; None when there is no value."""
        value = headers.get(self._name)
        return self._template.named(value.decode("utf-8", "surrogateescape")) if value else None


class FixedCluster:
    """One entry of weighted clusters that has a name."""

    __slots__ = ("_choice",)

    def __init__(self, choice: ClusterChoice) -> None:
        self._choice = choice

    def pick(self, headers: Headers, random_value: int) -> ClusterChoice | None:
        """Always the same choice."""
        return self._choice


class WeightedClusters:
    """Entries share the requests by weight; the request's random value, or a number in a header, decides."""

    __slots__ = ("_bounds", "_entries", "_header", "_total")

    def __init__(self, entries: Sequence[tuple[int, ClusterPicker]], header: bytes | None) -> None:
        self._entries = tuple(picker for _, picker in entries)
        self._bounds = list(accumulate(weight for weight, _ in entries))
        self._total = self._bounds[-1]
        self._header = header

    def pick(self, headers: Headers, random_value: int) -> ClusterChoice | None:
        """The choice of the entry in whose range the value falls."""
        if self._header is not None:
            random_value = self._number_in(headers, self._header, random_value)
        return self._entries[bisect_right(self._bounds, random_value % self._total)].pick(headers, random_value)

    @staticmethod
    def _number_in(headers: Headers, name: bytes, otherwise: int) -> int:
        values = headers.values_of(name)
        if len(values) != 1 or not _NUMBER.fullmatch(values[0].strip()):
            return otherwise
        number = int(values[0])
        return number if number <= _MAX_UINT64 else otherwise
