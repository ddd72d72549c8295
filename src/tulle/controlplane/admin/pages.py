"""The pages: /ready and /metrics as text, /debug as JSON."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Protocol

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from tulle.api.loading import not_honoured
from tulle.api.problems import Problem
from tulle.api.resource import Resource
from tulle.controlplane.admin.config_dump import render_config_dump
from tulle.controlplane.admin.metrics import Metrics
from tulle.controlplane.push.context import PushContext
from tulle.controlplane.push.node import Node
from tulle.controlplane.xds.status import Ledger
from tulle.foundation.yaml import code_frame


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
        return Response(self._sight.metrics.render(), media_type="text/plain; version=0.0.4")

    async def configz(self, _: Request) -> Response:
        return JSONResponse([_config(resource) for resource in self._sight.context.config.resources])

    async def registryz(self, _: Request) -> Response:
        services = [asdict(item) for item in self._sight.context.registry.services]
        return JSONResponse(msgspec.to_builtins(services, enc_hook=_plain))

    async def endpointz(self, _: Request) -> Response:
        endpoints = [asdict(item) for item in self._sight.context.registry.endpoints]
        return JSONResponse(msgspec.to_builtins(endpoints, enc_hook=_plain))

    async def pushz(self, _: Request) -> Response:
        context, ledger = self._sight.context, self._sight.ledger
        behind = [status.node_id for status in ledger.proxies.values() if status.context != context.version]
        return JSONResponse({"version": context.version, "in_sync": ledger.in_sync() and not behind, "behind": behind})

    async def syncz(self, request: Request) -> Response:
        """`proxyID` picks proxies by a part of their name; `resources` adds the versions of every resource."""
        wanted = request.query_params.get("proxyID", "")
        everything = "resources" in request.query_params
        proxies = [status for status in self._sight.ledger.proxies.values() if wanted in status.node_id]
        return JSONResponse([status.as_dict(everything) for status in proxies])

    async def problems(self, _: Request) -> Response:
        read = self._read_text
        return JSONResponse(
            [problem_with_frame(item, read(item.place.file) if item.place else "") for item in self._sight.problems]
        )

    async def config_dump(self, request: Request) -> Response:
        """`proxyID` is the id of a proxy, the name in it, or a part that no other has."""
        wanted = request.query_params.get("proxyID", "")
        nodes = {item.id: item for item in self._sight.nodes}
        exact = [item for item in nodes.values() if wanted in (item.id, *item.id.split("~"))]
        found = exact or [item for item in nodes.values() if wanted in item.id]
        if len(found) != 1:
            problem = f"{len(found)} connected proxies match {wanted!r}"
            return JSONResponse({"error": problem, "connected": sorted(nodes)}, 400 if found else 404)
        return JSONResponse(render_config_dump(found[0], self._sight.context))


ROUTES = {
    "/": _Pages.index,
    "/ready": _Pages.ready,
    "/metrics": _Pages.metrics,
    "/debug/configz": _Pages.configz,
    "/debug/registryz": _Pages.registryz,
    "/debug/endpointz": _Pages.endpointz,
    "/debug/pushz": _Pages.pushz,
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
