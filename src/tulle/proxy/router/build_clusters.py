"""The choice of clusters that a RouteAction describes."""

from collections.abc import Mapping

from google.protobuf import json_format

from tulle.foundation.errors import FieldProblem
from tulle.protos.messages import RouteAction, WeightedCluster
from tulle.proxy.router.cluster_choice import (
    ClusterChoice,
    ClusterPicker,
    FixedCluster,
    HeaderCluster,
    WeightedClusters,
)
from tulle.proxy.router.filter_configs import FilterConfigs, build_filter_settings
from tulle.proxy.router.levels import Level, request_edit_of, response_edit_of
from tulle.proxy.router.message_edits import Rewrites
from tulle.proxy.router.string_match import Problems

_MAX_TOTAL_WEIGHT = (1 << 32) - 1
_LOAD_BALANCER = "envoy.lb"


class ClusterBuilder:
    """Builds the choices of one route: each holds the edits of all levels, in their order."""

    def __init__(self, level: Level, rewrites: Rewrites, filters: FilterConfigs, problems: Problems) -> None:
        self._level = level
        self._rewrites = rewrites
        self._filters = filters
        self._problems = problems
        self.places: dict[str, str] = {}
        self.metadata_match: Mapping[str, object] | None = None

    def build(self, action: RouteAction, path: str) -> tuple[ClusterChoice | None, ClusterPicker | None]:
        """The one choice that always holds, or what chooses for each request."""
        kind = action.WhichOneof("cluster_specifier")
        if kind == "cluster":
            self.places.setdefault(action.cluster, f"{path}.cluster")
            return self._plain_choice(action.cluster), None
        if kind == "cluster_header":
            return None, HeaderCluster(_header_name(action.cluster_header), self._plain_choice(""))
        if kind == "weighted_clusters":
            return None, self._build_weighted(action.weighted_clusters, f"{path}.weighted_clusters")
        message = (
            "one of the fields of cluster_specifier must be set" if kind is None else "this field is not supported"
        )
        self._problems.append(FieldProblem(f"{path}.{kind}" if kind else path, message))
        return None, None

    def _plain_choice(self, name: str) -> ClusterChoice:
        choice = ClusterChoice(name)
        choice.request_edit = self._level.request.request_edit(self._rewrites)
        choice.response_edit = self._level.response.response_edit()
        choice.use_settings(self._level.settings)
        choice.metadata_match = self.metadata_match
        return choice

    def _build_weighted(self, proto: WeightedCluster, path: str) -> ClusterPicker | None:
        entries: list[tuple[int, ClusterPicker]] = []
        for index, entry in enumerate(proto.clusters):
            where = f"{path}.clusters[{index}]"
            if not entry.HasField("weight"):
                self._problems.append(FieldProblem(f"{where}.weight", "must be set"))
            entries.append((entry.weight.value, self._build_entry(entry, where)))
        total = sum(weight for weight, _ in entries)
        if total == 0:
            self._problems.append(FieldProblem(path, "the sum of weights must be greater than 0"))
            return None
        if total > _MAX_TOTAL_WEIGHT:
            self._problems.append(FieldProblem(path, f"the sum of weights exceeds {_MAX_TOTAL_WEIGHT}"))
        return WeightedClusters(entries, _header_name(proto.header_name) if proto.header_name else None)

    def _build_entry(self, entry: WeightedCluster.ClusterWeight, path: str) -> ClusterPicker:
        if bool(entry.name) == bool(entry.cluster_header):
            self._problems.append(FieldProblem(path, "exactly one of name and cluster_header must be set"))
        choice = ClusterChoice(entry.name)
        rewrites = self._rewrites
        if entry.host_rewrite_literal:
            rewrites = Rewrites()
            rewrites.path, rewrites.host = self._rewrites.path, self._rewrites.host
            rewrites.append_forwarded_host = self._rewrites.append_forwarded_host
            rewrites.entry_host = entry.host_rewrite_literal.encode()
        choice.request_edit = self._level.request.request_edit(
            rewrites, request_edit_of(entry, f"{path}.", self._problems)
        )
        choice.response_edit = self._level.response.response_edit(response_edit_of(entry, f"{path}.", self._problems))
        own = build_filter_settings(
            entry.typed_per_filter_config, self._filters, f"{path}.typed_per_filter_config", self._problems
        )
        choice.use_settings(own.over(self._level.settings))
        choice.metadata_match = self._merged_metadata(entry)
        if entry.cluster_header:
            return HeaderCluster(_header_name(entry.cluster_header), choice)
        self.places.setdefault(entry.name, f"{path}.name")
        return FixedCluster(choice)

    def _merged_metadata(self, entry: WeightedCluster.ClusterWeight) -> Mapping[str, object] | None:
        filters = entry.metadata_match.filter_metadata
        if _LOAD_BALANCER not in filters:
            return self.metadata_match
        return {**(self.metadata_match or {}), **json_format.MessageToDict(filters[_LOAD_BALANCER])}


def _header_name(text: str) -> bytes:
    name = text.lower().encode()
    return b":authority" if name == b"host" else name
