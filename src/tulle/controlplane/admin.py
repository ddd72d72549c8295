"""The control plane's admin interface: /ready, /metrics and /debug, as JSON."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Protocol

import msgspec
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from tulle.api.loading import not_honoured
from tulle.api.problems import Problem
from tulle.api.resource import Resource
from tulle.controlplane.push.context import PushContext
from tulle.controlplane.push.node import Node
from tulle.controlplane.translate.generate import generate
from tulle.controlplane.xds.status import Ledger
from tulle.foundation.yaml import code_frame
from tulle.protos import type_urls
from tulle.protos.messages import Any
from tulle.protos.reading import to_dict


class Metrics:
    """Istio's metric names (pilot_*), in a registry of this control plane."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.pushes = Counter("pilot_xds_pushes", "Pushes built.", registry=self.registry)
        self.rejects = Gauge("pilot_total_xds_rejects", "Responses that proxies refused.", registry=self.registry)
        self.proxies = Gauge("pilot_xds", "Connected proxies.", registry=self.registry)
        self.services = Gauge("pilot_services", "Services known.", registry=self.registry)
        self.problems = Gauge("tulle_config_problems", "Problems of resource files.", registry=self.registry)


class Sight(Protocol):
    """What the admin interface sees of a control plane."""

    ledger: Ledger
    metrics: Metrics

    @property
    def context(self) -> PushContext: ...
    @property
    def problems(self) -> tuple[Problem, ...]: ...
    @property
    def nodes(self) -> tuple[Node, ...]: ...
    @property
    def ready(self) -> bool: ...


def problem_with_frame(problem: Problem, text: str) -> dict[str, object]:
    """A problem as data, with the lines around it."""
    frame = code_frame(text, problem.place) if problem.place and text else ""
    return {**problem.as_dict(), "frame": frame}


class _Pages:
    """The pages over what they show."""

    def __init__(self, sight: Sight, read_text: Callable[[str], str]) -> None:
        self._sight = sight
        self._read_text = read_text

    async def index(self, _: Request) -> Response:
        return PlainTextResponse("\n".join(ROUTES) + "\n")

    async def ready(self, _: Request) -> Response:
        return PlainTextResponse("ready\n") if self._sight.ready else PlainTextResponse("starting\n", 503)

    async def metrics(self, _: Request) -> Response:
        found = self._sight.metrics
        found.rejects.set(self._sight.ledger.rejects.total())
        found.proxies.set(len(self._sight.ledger.proxies))
        found.services.set(len(self._sight.context.registry.services))
        found.problems.set(len(self._sight.problems))
        return Response(generate_latest(found.registry), media_type="text/plain; version=0.0.4")

    async def configz(self, _: Request) -> Response:
        return JSONResponse([_config(resource) for resource in self._sight.context.config.resources])

    async def registryz(self, _: Request) -> Response:
        services = [asdict(item) for item in self._sight.context.registry.services]
        return JSONResponse(msgspec.to_builtins(services, enc_hook=_plain))

    async def endpointz(self, _: Request) -> Response:
        endpoints = [asdict(item) for item in self._sight.context.registry.endpoints]
        return JSONResponse(msgspec.to_builtins(endpoints, enc_hook=_plain))

    async def syncz(self, _: Request) -> Response:
        return JSONResponse([status.as_dict() for status in self._sight.ledger.proxies.values()])

    async def problems(self, _: Request) -> Response:
        read = self._read_text
        return JSONResponse(
            [problem_with_frame(item, read(item.place.file) if item.place else "") for item in self._sight.problems]
        )

    async def config_dump(self, request: Request) -> Response:
        wanted = request.query_params.get("proxyID", "")
        node = next((item for item in self._sight.nodes if wanted in item.id), None)
        if node is None:
            known = ", ".join(item.id for item in self._sight.nodes) or "none"
            return JSONResponse({"error": f"no connected proxy {wanted!r}; connected: {known}"}, 404)
        return JSONResponse(dump(node, self._sight.context))


ROUTES = {
    "/": _Pages.index,
    "/ready": _Pages.ready,
    "/metrics": _Pages.metrics,
    "/debug/configz": _Pages.configz,
    "/debug/registryz": _Pages.registryz,
    "/debug/endpointz": _Pages.endpointz,
    "/debug/syncz": _Pages.syncz,
    "/debug/problems": _Pages.problems,
    "/debug/config_dump": _Pages.config_dump,
}


def build_admin(sight: Sight, read_text: Callable[[str], str]) -> Starlette:
    """The ASGI application; `read_text` gives the text of a resource file for code frames."""
    pages = _Pages(sight, read_text)
    return Starlette(routes=[Route(path, page.__get__(pages), methods=["GET"]) for path, page in ROUTES.items()])


def _plain(value: object) -> object:
    return sorted(value) if isinstance(value, frozenset) else str(value)


def _config(resource: Resource[object]) -> dict[str, object]:
    return {
        "key": resource.key,
        "file": resource.file,
        "spec": msgspec.to_builtins(resource.spec),
        "status": {"notHonoured": list(not_honoured(resource))},
    }


def dump(node: Node, context: PushContext) -> dict[str, list[object]]:
    """All resources of a node by type, as the control plane would send them now."""
    found: dict[str, list[object]] = {}
    names = {"http_proxy", *(f"http.{port}" for port in _ports(context)), *map(str, _ports(context))}
    for url in (type_urls.CLUSTER, type_urls.ENDPOINT, type_urls.LISTENER, type_urls.ROUTE):
        wanted = names if url == type_urls.ROUTE else None
        resources = generate(url, node, context, wanted)
        found[type_urls.SHORT_NAMES[url]] = [to_dict(Any(type_url=url, value=item.value)) for item in resources]
    return found


def _ports(context: PushContext) -> list[int]:
    numbers = {port.number for service in context.registry.services for port in service.ports}
    return sorted(
        numbers | {server.port.number for item in context.config.of_kind("Gateway") for server in item.spec.servers}
    )
