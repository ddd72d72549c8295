"""Explicit capture: what tells an application the way through its sidecar without a redirect in the kernel."""

from tulle.agent.bootstrap import HTTP_PROXY_PORT
from tulle.agent.workload import Workload


def variable_name(service: str) -> str:
    """`reviews-api` → `REVIEWS_API`."""
    return "".join(letter if letter.isalnum() else "_" for letter in service).upper()


def application_environment(workload: Workload) -> dict[str, str]:
    """Its port, an address for each upstream, and the HTTP proxy for calls by the name of a service."""
    proxy = f"http://{workload.address}:{HTTP_PROXY_PORT}"
    direct = f"localhost,127.0.0.1,::1,{workload.address}"
    environment = {
        "PORT": str(workload.app_port),
        "HTTP_PROXY": proxy,
        "http_proxy": proxy,
        "NO_PROXY": direct,
        "no_proxy": direct,
        "TULLE_SERVICE": workload.service,
        "TULLE_VERSION": workload.version,
    }
    for upstream in workload.upstreams:
        name = variable_name(upstream.service)
        environment[f"{name}_ADDRESS"] = f"{workload.address}:{upstream.local_port}"
        if upstream.protocol != "TCP":
            environment[f"{name}_URL"] = f"http://{workload.address}:{upstream.local_port}"
    return environment
