"""A case: a folder with bootstrap.yaml, requests.yaml and expect.yaml."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.support.conformance.secure import transport_socket

CASES = Path(__file__).parents[2] / "conformance" / "cases"
_PLACEHOLDER = re.compile(r"\$\{([a-z]+)(?::([\w.-]+))?\}")
_TYPES = "type.googleapis.com/envoy.extensions."
_HCM = f"{_TYPES}filters.network.http_connection_manager.v3.HttpConnectionManager"
_ROUTER = f"{_TYPES}filters.http.router.v3.Router"
_TCP_PROXY = f"{_TYPES}filters.network.tcp_proxy.v3.TcpProxy"
_FILE_LOG = f"{_TYPES}access_loggers.file.v3.FileAccessLog"
_HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
_MESSAGES = {
    "buffer": "buffer.v3.Buffer",
    "buffer_route": "buffer.v3.BufferPerRoute",
    "cors": "cors.v3.Cors",
    "cors_route": "cors.v3.CorsPolicy",
    "fault": "fault.v3.HTTPFault",
    "header_mutation": "header_mutation.v3.HeaderMutation",
    "header_mutation_route": "header_mutation.v3.HeaderMutationPerRoute",
    "health_check": "health_check.v3.HealthCheck",
    "local_ratelimit": "local_ratelimit.v3.LocalRateLimit",
    "rbac": "rbac.v3.RBAC",
    "rbac_route": "rbac.v3.RBACPerRoute",
}
_STEP_KEYS = {
    *("about", "listener", "source", "connection", "version", "blind"),
    *("method", "path", "host", "headers", "body", "chunks", "trailers", "continue"),
    *("repeat", "shares", "tolerance", "rotation", "streams"),
    *("raw", "responses", "closes", "tcp", "half_close", "read", "tls"),
}


@dataclass(frozen=True)
class Case:
    """What stands in a case's folder; `bootstrap` is text with placeholders.

    `differs`: where tulle does otherwise than Envoy on purpose, and why; such a place must indeed differ. A brief case
    is about where requests go: only status, location, upstream and path are noted.
    """

    name: str
    folder: Path
    bootstrap: str
    about: str
    steps: list[dict[str, Any]]
    alone: bool = False
    brief: bool = False
    shared_names: bool = False
    stats: list[str] = field(default_factory=list)
    volatile: dict[str, str] = field(default_factory=dict)
    differs: dict[str, str] = field(default_factory=dict)

    @property
    def prefix(self) -> str:
        """What the names of listeners, clusters and statistics get, so that many cases fit in one proxy."""
        return "" if self.shared_names else f"{self.name}~"

    @property
    def logs(self) -> bool:
        """Whether the case writes an access log."""
        return "${log}" in self.bootstrap or "log:" in self.bootstrap

    def expectation(self) -> dict[str, Any]:
        """What stands in expect.yaml."""
        return yaml.load((self.folder / "expect.yaml").read_text(), yaml.CSafeLoader)


def read_case(folder: Path) -> Case:
    """The case of a folder."""
    given = yaml.load((folder / "requests.yaml").read_text(), yaml.CSafeLoader)
    known = {"about", "requests", "alone", "stats", "volatile", "brief", "differs"}
    assert set(given) <= known, f"{folder.name}: unknown {set(given) - known}"
    for step in given["requests"]:
        assert set(step) <= _STEP_KEYS, f"{folder.name}: unknown {set(step) - _STEP_KEYS}"
    return Case(
        folder.name,
        folder,
        (folder / "bootstrap.yaml").read_text(),
        given["about"],
        given["requests"],
        alone=given.get("alone", False),
        brief=given.get("brief", False),
        stats=given.get("stats", []),
        volatile=given.get("volatile", {}),
        differs=given.get("differs", {}),
    )


def all_cases() -> list[Case]:
    """The cases by name."""
    return [read_case(path.parent) for path in sorted(CASES.glob("*/requests.yaml"))]


def fill(value: Any, lookup: Callable[[str, str], str]) -> Any:
    """Text, or every text in a structure, with its placeholders ${kind:name} replaced."""
    if isinstance(value, str):
        text = _PLACEHOLDER.sub(lambda match: lookup(match[1], match[2] or ""), value)
        return int(text) if text.isdigit() and _PLACEHOLDER.fullmatch(value) else text
    if isinstance(value, list):
        return [fill(item, lookup) for item in value]
    if isinstance(value, dict):
        return {key: fill(item, lookup) for key, item in value.items()}
    return value


def parse_bootstrap(text: str) -> dict[str, Any]:
    """A bootstrap as plain data: the short forms !http, !hcm, !tcp, !tcp_proxy and !cluster are written out."""
    return yaml.load(text, _Loader)


class _Loader(yaml.CSafeLoader):
    """YAML with the short forms."""


def _short(loader: yaml.CSafeLoader, node: yaml.MappingNode) -> dict[str, Any]:
    return loader.construct_mapping(node, deep=True)


def _address(host: str, port: Any) -> dict[str, Any]:
    return {"socket_address": {"address": host, "port_value": port}}


def _file_log(log: Any) -> list[dict[str, Any]]:
    config: dict[str, Any] = {"@type": _FILE_LOG, "path": "${log}"}
    if log is not True:
        config["log_format"] = {"text_format_source": {"inline_string": f"{log}\n"}}
    return [{"name": "file", "typed_config": config}]


def _http_filter(given: Mapping[str, Any]) -> dict[str, Any]:
    """`{fault: {...}}`: the filter of this folder, under its usual name; `with` holds the fields beside its config."""
    rest = dict(given)
    beside = rest.pop("with", {})
    [(kind, config)] = rest.items()
    return {"name": f"envoy.filters.http.{kind}", "typed_config": _settings({"of": kind, **config}), **beside}


def _settings(given: Mapping[str, Any]) -> dict[str, Any]:
    """The config of a filter, or what a route says to it: `of` is the folder, or one of _MESSAGES."""
    rest = dict(given)
    kind = rest.pop("of")
    return {"@type": f"{_TYPES}filters.http.{_MESSAGES[kind]}", **rest}


def _hcm(given: Mapping[str, Any]) -> dict[str, Any]:
    """An HTTP connection manager; `routes` is short for one virtual host, `log` for an access log in a file,
    `filters` for what stands before the router."""
    rest = dict(given)
    filters = [_http_filter(each) for each in rest.pop("filters", [])]
    router = {"name": "envoy.filters.http.router", "typed_config": {"@type": _ROUTER, **rest.pop("router", {})}}
    config: dict[str, Any] = {
        "@type": _HCM,
        "stat_prefix": rest.pop("stat_prefix", "in"),
        "http_filters": [*filters, router],
    }
    if "routes" in rest:
        host = {"name": "all", "domains": ["*"], "routes": rest.pop("routes")}
        config["route_config"] = {"name": "routes", "virtual_hosts": [host]}
    if "virtual_hosts" in rest:
        config["route_config"] = {"name": "routes", "virtual_hosts": rest.pop("virtual_hosts")}
    if "log" in rest:
        config["access_log"] = _file_log(rest.pop("log"))
    return {"name": "envoy.filters.network.http_connection_manager", "typed_config": {**config, **rest}}


def _tcp_proxy(given: Mapping[str, Any]) -> dict[str, Any]:
    rest = dict(given)
    config: dict[str, Any] = {"@type": _TCP_PROXY, "stat_prefix": rest.pop("stat_prefix", "tcp")}
    if "log" in rest:
        config["access_log"] = _file_log(rest.pop("log"))
    return {"name": "envoy.filters.network.tcp_proxy", "typed_config": {**config, **rest}}


def _listener(given: Mapping[str, Any], build: Callable[[Mapping[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    rest = dict(given)
    name, more = rest.pop("name"), rest.pop("listener", {})
    chain: dict[str, Any] = {}
    if "tls" in rest:
        chain["transport_socket"] = rest.pop("tls")
    port = rest.pop("port", 0)
    chain["filters"] = [build({"stat_prefix": name, **rest})]
    return {"name": name, "address": _address("127.0.0.1", port), "filter_chains": [chain], **more}


def _endpoint(host: Any) -> dict[str, Any]:
    """A host by the name of an upstream; as a mapping with `upstream` it takes more fields of LbEndpoint."""
    rest = dict(host) if isinstance(host, dict) else {"upstream": host}
    upstream = rest.pop("upstream")
    endpoint = {"address": _address("127.0.0.1", f"${{port:{upstream}}}"), **rest.pop("endpoint", {})}
    return {"endpoint": endpoint, **rest}


def _cluster(given: Mapping[str, Any]) -> dict[str, Any]:
    rest = dict(given)
    name = rest["name"]
    cluster: dict[str, Any] = {"connect_timeout": "1s", "type": "STATIC"}
    if "hosts" in rest:
        endpoints = [_endpoint(host) for host in rest.pop("hosts")]
        groups = [{"lb_endpoints": endpoints}] if endpoints else []
        cluster["load_assignment"] = {"cluster_name": name, "endpoints": groups}
    if rest.pop("http2", False):
        options = {
            "@type": f"type.googleapis.com/{_HTTP_OPTIONS}",
            "explicit_http_config": {"http2_protocol_options": {}},
        }
        cluster["typed_extension_protocol_options"] = {_HTTP_OPTIONS: options}
    return {**cluster, **rest}


_Loader.add_constructor("!settings", lambda loader, node: _settings(_short(loader, node)))
_Loader.add_constructor("!http", lambda loader, node: _listener(_short(loader, node), _hcm))
_Loader.add_constructor("!tcp", lambda loader, node: _listener(_short(loader, node), _tcp_proxy))
_Loader.add_constructor("!hcm", lambda loader, node: _hcm(_short(loader, node)))
_Loader.add_constructor("!tcp_proxy", lambda loader, node: _tcp_proxy(_short(loader, node)))
_Loader.add_constructor("!cluster", lambda loader, node: _cluster(_short(loader, node)))
_Loader.add_constructor(
    "!server_tls", lambda loader, node: transport_socket("DownstreamTlsContext", _short(loader, node))
)
_Loader.add_constructor(
    "!client_tls", lambda loader, node: transport_socket("UpstreamTlsContext", _short(loader, node))
)
