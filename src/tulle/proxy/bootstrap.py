"""Envoy's bootstrap file (YAML or JSON) to a checked message; every problem comes with file, line and column."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tulle.foundation.errors import FieldProblem, InvalidInput, Place, UsageError
from tulle.foundation.version import VERSION
from tulle.foundation.yaml import Document, parse_documents
from tulle.protos.messages import ApiConfigSource, Bootstrap, Cluster, ConfigSource
from tulle.protos.reading import parse_message
from tulle.protos.supported import Supported, find_unsupported
from tulle.protos.validate import validate

DEFAULT_FLUSH_INTERVAL_S = 5.0  # Envoy: Bootstrap.stats_flush_interval

SUPPORTED: dict[str, frozenset[str]] = {
    "envoy.config.bootstrap.v3.Bootstrap": frozenset(
        {"node", "static_resources", "dynamic_resources", "admin", "stats_flush_interval", "stats_config"}
    ),
    "envoy.config.bootstrap.v3.Bootstrap.StaticResources": frozenset({"listeners", "clusters"}),
    "envoy.config.bootstrap.v3.Bootstrap.DynamicResources": frozenset({"lds_config", "cds_config", "ads_config"}),
    "envoy.config.bootstrap.v3.Admin": frozenset(
        {"address", "access_log", "access_log_path", "ignore_global_conn_limit"}
    ),
    "envoy.config.metrics.v3.StatsConfig": frozenset({"stats_tags", "use_all_default_tags"}),
    "envoy.config.metrics.v3.TagSpecifier": frozenset({"tag_name", "regex"}),
    "envoy.config.core.v3.Node": frozenset(
        {
            "id",
            "cluster",
            "metadata",
            "locality",
            "user_agent_name",
            "user_agent_version",
            "client_features",
            "listening_addresses",
        }
    ),
    "envoy.config.core.v3.Locality": frozenset({"region", "zone", "sub_zone"}),
    "envoy.config.core.v3.Address": frozenset({"socket_address", "pipe"}),
    "envoy.config.core.v3.SocketAddress": frozenset({"protocol", "address", "port_value"}),
    "envoy.config.core.v3.Pipe": frozenset({"path"}),
    "envoy.config.core.v3.ConfigSource": frozenset({"ads", "initial_fetch_timeout", "resource_api_version"}),
    "envoy.config.core.v3.AggregatedConfigSource": frozenset(),
    "envoy.config.core.v3.ApiConfigSource": frozenset(
        {"api_type", "transport_api_version", "grpc_services", "set_node_on_first_message_only"}
    ),
    "envoy.config.core.v3.GrpcService": frozenset({"envoy_grpc", "timeout", "initial_metadata"}),
    "envoy.config.core.v3.GrpcService.EnvoyGrpc": frozenset({"cluster_name", "authority"}),
    "envoy.config.core.v3.HeaderValue": frozenset({"key", "value"}),
}


@dataclass(frozen=True, slots=True)
class BootstrapFile:
    """A bootstrap as it was read; `place_of` finds where a field stands in the file."""

    proto: Bootstrap
    document: Document

    def place_of(self, path: str) -> Place:
        """The place of `static_resources.clusters[0].name` or its nearest known ancestor."""
        return self.document.place_of(split_path(path))

    def with_places(self, problems: Sequence[FieldProblem], prefix: str = "") -> list[FieldProblem]:
        """The problems with their places in the file; `prefix` leads to what they were found in."""
        placed: list[FieldProblem] = []
        for problem in problems:
            path = ".".join(part for part in (prefix, problem.path) if part)
            placed.append(FieldProblem(path, problem.message, self.place_of(path)))
        return placed


def read_bootstrap(path: str, supported: Supported) -> BootstrapFile:
    """Reads and checks a file against the API's rules and `supported`; InvalidInput with everything that is wrong."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InvalidInput([FieldProblem("", f"is not UTF-8: {error}", Place(path))]) from error
    return parse_bootstrap(text, path, supported)


def parse_bootstrap(text: str, path: str, supported: Supported) -> BootstrapFile:
    """The same for text that was read already."""
    documents, problems = parse_documents(text, path)
    if problems:
        raise InvalidInput(problems)
    if len(documents) != 1:
        raise InvalidInput([FieldProblem("", f"wants one document and got {len(documents)}", Place(path))])
    proto = parse_message(Bootstrap, documents[0].value, documents[0])
    file = BootstrapFile(proto, documents[0])
    found = [*validate(proto), *find_unsupported(proto, supported), *_check_sources(proto)]
    if found:
        raise InvalidInput(file.with_places(found))
    return file


def describe_node(proto: Bootstrap) -> None:
    """Fills in what the node tells of the program that runs it."""
    node = proto.node
    node.user_agent_name = node.user_agent_name or "tulle"
    if not node.WhichOneof("user_agent_version_type"):
        node.user_agent_version = VERSION


def flush_interval_s(proto: Bootstrap) -> float:
    """How often histograms start a new interval, in seconds."""
    if proto.HasField("stats_flush_interval"):
        return proto.stats_flush_interval.ToMilliseconds() / 1000
    return DEFAULT_FLUSH_INTERVAL_S


def ads_cluster(proto: Bootstrap) -> Cluster | None:
    """The static cluster that carries the aggregated stream; None without `ads_config`."""
    if not proto.dynamic_resources.HasField("ads_config"):
        return None
    name = proto.dynamic_resources.ads_config.grpc_services[0].envoy_grpc.cluster_name
    return next((cluster for cluster in proto.static_resources.clusters if cluster.name == name), None)


def _check_sources(proto: Bootstrap) -> list[FieldProblem]:
    """What the rules of the API cannot say about where configuration comes from."""
    problems: list[FieldProblem] = []
    dynamic = proto.dynamic_resources
    for name in ("cds_config", "lds_config"):
        source: ConfigSource = getattr(dynamic, name)
        uses_ads = dynamic.HasField(name) and source.WhichOneof("config_source_specifier") == "ads"
        if uses_ads and not dynamic.HasField("ads_config"):
            problems.append(FieldProblem(f"dynamic_resources.{name}", "uses ads, but there is no ads_config"))
    if dynamic.HasField("ads_config"):
        problems.extend(_check_ads(proto, dynamic.ads_config))
    if not proto.node.id and proto.HasField("dynamic_resources"):
        problems.append(FieldProblem("node", "id must be set when configuration comes from a server"))
    return problems


def _check_ads(proto: Bootstrap, ads: ApiConfigSource) -> list[FieldProblem]:
    where = "dynamic_resources.ads_config"
    if ads.api_type not in (ApiConfigSource.GRPC, ApiConfigSource.DELTA_GRPC):
        kind = ApiConfigSource.ApiType.Name(ads.api_type)
        return [FieldProblem(f"{where}.api_type", f"{kind} is not supported; use GRPC or DELTA_GRPC")]
    if len(ads.grpc_services) != 1 or not ads.grpc_services[0].envoy_grpc.cluster_name:
        return [FieldProblem(f"{where}.grpc_services", "wants exactly one service, with envoy_grpc.cluster_name")]
    if ads_cluster(proto) is None:
        name = ads.grpc_services[0].envoy_grpc.cluster_name
        path = f"{where}.grpc_services[0].envoy_grpc.cluster_name"
        return [FieldProblem(path, f"{name} is not a static cluster")]
    return []


_PART = re.compile(r'([^.\[\]"]+)|\[(\d+)\]|\["([^"]*)"\]')


def split_path(path: str) -> tuple[str | int, ...]:
    """`a.b[0]["x"]` → ("a", "b", 0, "x")."""
    return tuple(int(index) if index else key or quoted for key, index, quoted in _PART.findall(path))
