"""The configuration files of all engines, filled from the templates in `configs/`."""

import os
from collections.abc import Mapping
from pathlib import Path
from string import Template

_FOLDER = Path(__file__).parent / "configs"
_STREAM_MODULES = ("/usr/lib/nginx/modules/ngx_stream_module.so", "/usr/lib64/nginx/modules/ngx_stream_module.so")
_HTTP2_OPTIONS = (
    "typed_extension_protocol_options: {envoy.extensions.upstreams.http.v3.HttpProtocolOptions: "
    '{"@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions, '
    "explicit_http_config: {http2_protocol_options: {}}}}"
)


class _At(Template):
    """Places are written `@name`: the dollar belongs to nginx."""

    delimiter = "@"


def fill(family: str, name: str, values: Mapping[str, object]) -> str:
    """The template `configs/FAMILY/NAME` with its places filled."""
    text = _At((_FOLDER / family / name).read_text()).substitute(values)
    return "\n".join(line for line in text.splitlines() if line.strip()) + "\n"


def envoy_file(protocol: str, clusters: int, values: Mapping[str, object]) -> str:
    """Bootstrap of Envoy and tulle for `protocol` (h1, h2, tcp) with so many clusters that no route uses."""
    more = "".join(_envoy_cluster(index) for index in range(clusters))
    http = {
        "codec": "HTTP2" if protocol == "h2" else "HTTP1",
        "protocol_options": _HTTP2_OPTIONS if protocol == "h2" else "",
    }
    template = "tcp.yaml" if protocol == "tcp" else "http.yaml"
    return fill("envoy", template, {**values, **http, "more_clusters": more})


def _envoy_cluster(index: int) -> str:
    endpoints = "".join(
        f"        - endpoint: {{address: {{socket_address: {{address: {address}, port_value: 8080}}}}}}\n"
        for address in _addresses(index)
    )
    return (
        f"  - name: outbound|8080||service-{index}.default.svc.cluster.local\n"
        "    type: STATIC\n    connect_timeout: 5s\n    load_assignment:\n"
        f"      cluster_name: outbound|8080||service-{index}.default.svc.cluster.local\n"
        f"      endpoints:\n      - lb_endpoints:\n{endpoints}"
    )


def _addresses(index: int) -> list[str]:
    """Three addresses of a service."""
    return [f"10.{index // 250 + 1}.{index % 250}.{last}" for last in (1, 2, 3)]


def nginx_file(protocol: str, clusters: int, values: Mapping[str, object]) -> str:
    """Configuration of nginx for `protocol`."""
    more = "".join(
        f"  upstream service-{index} {{ {' '.join(f'server {address}:8080;' for address in _addresses(index))} }}\n"
        for index in range(clusters)
    )
    places: dict[str, object] = {
        **values,
        "user": "user root;" if os.geteuid() == 0 else "",
        "stream_module": next((f"load_module {path};" for path in _STREAM_MODULES if Path(path).exists()), ""),
        "more_clusters": more,
    }
    places["head"] = fill("nginx", "head.conf", places)
    places["paths"] = fill("nginx", "paths.conf", places)
    return fill("nginx", f"{protocol}.conf", places)


def haproxy_file(protocol: str, clusters: int, values: Mapping[str, object]) -> str:
    """Configuration of HAProxy for `protocol`."""
    more = "".join(
        f"backend service-{index}\n"
        + "".join(f"  server s{number} {address}:8080\n" for number, address in enumerate(_addresses(index)))
        for index in range(clusters)
    )
    places = {**values, "proto": "proto h2" if protocol == "h2" else "", "more_clusters": more}
    return fill("haproxy", "tcp.cfg" if protocol == "tcp" else "http.cfg", places)
