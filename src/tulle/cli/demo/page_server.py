"""The page of the demo: its files, what it shows as JSON, and its buttons."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from importlib.resources import files

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tulle.cli.demo.course import Course
from tulle.cli.demo.lesson import VERSIONS, split_lesson
from tulle.cli.demo.mesh import DemoMesh
from tulle.cli.demo.traffic import RATE, Traffic
from tulle.cli.mesh.fetch import get_json
from tulle.foundation.errors import Unreachable, UsageError

ASSETS = {
    "/": ("index.html", "text/html"),
    "/style.css": ("style.css", "text/css"),
    "/app.js": ("app.js", "text/javascript"),
}
BUTTON_HEADER = "x-tulle-demo"  # other sites cannot send it without our consent
TYPES = ("CDS", "EDS", "LDS", "RDS")
_SHOWN_REQUESTS = 14
_POLICY = "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'"

Handler = Callable[[Request], Awaitable[Response]]


class Page:
    """What the page shows of a demo."""

    def __init__(self, demo: DemoMesh, course: Course, traffic: Traffic) -> None:
        self._demo = demo
        self._course = course
        self._traffic = traffic

    async def asset(self, request: Request) -> Response:
        """A file of the page."""
        name, kind = ASSETS[request.url.path]
        content = (files("tulle.cli.demo") / "page" / name).read_bytes()
        return Response(content, media_type=kind, headers={"content-security-policy": _POLICY})

    async def course(self, _: Request) -> Response:
        """All lessons, and where things are."""
        demo = self._demo
        lessons = [
            {
                "name": lesson.name,
                "title": lesson.title,
                "text": lesson.text,
                "yaml": [{"file": str(demo.rules / name), "text": text} for name, text in lesson.files.items()],
                "wanted": lesson.wanted,
                "cli": self._commands(lesson.name, next(iter(lesson.files))),
            }
            for lesson in self._course.lessons
        ]
        return JSONResponse(
            {
                "lessons": lessons,
                "engine": demo.engine,
                "gateway": f"http://127.0.0.1:{demo.gateway_port}",
                "control_plane": demo.mesh.admin_url,
                "rate": RATE,
            }
        )

    def _commands(self, lesson: str, file: str) -> list[dict[str, str]]:
        gateway = f"http://127.0.0.1:{self._demo.gateway_port}"
        return [
            {"does": "the same as the button", "line": f"tulle demo goto {lesson}"},
            {
                "does": "or change the file yourself: each save takes effect",
                "line": f"$EDITOR {self._demo.rules / file}",
            },
            {"does": "ask the shop as jason", "line": f"curl -H 'end-user: jason' '{gateway}/?as=json'"},
            {"does": "see which proxy has taken what", "line": "tulle proxy-status"},
        ]

    async def state(self, _: Request) -> Response:
        """What changes from second to second."""
        progress, course = self._course.progress, self._course
        proxies, problems = await asyncio.gather(asyncio.to_thread(self._proxies), course.problems())
        return JSONResponse(
            {
                "progress": progress.as_dict(),
                "edited": course.edited_at() is not None,
                "yaml": [
                    {"file": str(self._demo.rules / name), "text": text} for name, text in progress.lesson.files.items()
                ],
                "shares": msgspec.to_builtins(course.verdicts()),
                "traffic": self._traffic.summary(),
                "series": self._traffic.series(),
                "requests": self._traffic.last(_SHOWN_REQUESTS),
                "proxies": proxies,
                "problems": problems,
            }
        )

    def _proxies(self) -> list[dict[str, object]]:
        """Every proxy with its process and what the control plane knows of it."""
        try:
            found = get_json(f"{self._demo.mesh.admin_url}/debug/syncz")
        except Unreachable:
            found = []
        known = (
            {str(item["proxy"]): item for item in found if isinstance(item, dict)} if isinstance(found, list) else {}
        )
        return [
            {
                "name": proxy.settings.labels.get("app", proxy.settings.name),
                "version": proxy.settings.labels.get("version", ""),
                "address": proxy.settings.address,
                "engine": proxy.engine,
                "pid": proxy.child.pid,
                "restarts": proxy.child.restarts,
                "admin": proxy.admin,
                "types": {
                    kind: known.get(proxy.settings.node_id, {}).get(kind, {}).get("status", "NOT CONNECTED")
                    for kind in TYPES
                },
            }
            for proxy in sorted(self._demo.mesh.proxies, key=lambda item: item.settings.name)
        ]

    async def lesson(self, request: Request) -> Response:
        """The button of a lesson; answers when the proxies have taken it."""
        if request.headers.get(BUTTON_HEADER) is None:
            return JSONResponse({"error": f"{BUTTON_HEADER} is missing"}, 403)
        try:
            lesson = self._course.find(request.path_params["name"])
        except UsageError as error:
            return JSONResponse({"error": error.message, "hint": error.hint}, 404)
        progress = await self._course.apply(lesson)
        return JSONResponse(progress.as_dict())

    async def split(self, request: Request) -> Response:
        """The sliders: `?v1=70&v2=20&v3=10`."""
        if request.headers.get(BUTTON_HEADER) is None:
            return JSONResponse({"error": f"{BUTTON_HEADER} is missing"}, 403)
        texts = {version: request.query_params.get(version, "0") for version in VERSIONS}
        if not all(text.isdecimal() and int(text) <= 100 for text in texts.values()):
            return JSONResponse({"error": "a weight is a whole number from 0 to 100"}, 400)
        weights = {version: int(text) for version, text in texts.items()}
        if sum(weights.values()) != 100:
            return JSONResponse({"error": f"the weights make {sum(weights.values())}, not 100"}, 400)
        progress = await self._course.apply(split_lesson(weights))
        return JSONResponse(progress.as_dict())


def build_page(page: Page) -> Starlette:
    """The ASGI application."""
    return Starlette(
        routes=[
            *(Route(path, _local_only(page.asset)) for path in ASSETS),
            Route("/api/course", _local_only(page.course)),
            Route("/api/state", _local_only(page.state)),
            Route("/api/lesson/{name}", _local_only(page.lesson), methods=["POST"]),
            Route("/api/split", _local_only(page.split), methods=["POST"]),
        ]
    )


def _local_only(handler: Handler) -> Handler:
    """Refuses names other than this machine's, so that no site can reach the page through a name of its own."""

    async def answer(request: Request) -> Response:
        if request.url.hostname not in ("127.0.0.1", "localhost", "::1"):
            return JSONResponse({"error": "this page is for its own machine"}, 403)
        return await handler(request)

    return answer


class _Server(uvicorn.Server):
    """Leaves signals to the command."""

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]
        """Nothing."""
        return nullcontext()


async def serve_page(page: Page, port: int) -> None:
    """Serves it until it is cancelled."""
    config = uvicorn.Config(
        build_page(page),
        host="127.0.0.1",
        port=port,
        log_level="warning",
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=1,
    )
    server = _Server(config)
    try:
        await server.serve()
    except asyncio.CancelledError:
        await server.shutdown()
        raise
