"""The five services of the demo, all in one process: `python -m tulle.cli.demo.services PLAN.json`."""

import asyncio
import html
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from tulle.agent.leash import hold
from tulle.cli.demo.calls import PROPAGATED, Answer, call

CALL_THREADS = 64
Endpoint = Callable[[Request], Awaitable[Response]]

PRODUCTS = ("The Comedy of Errors", "A Midsummer Night's Dream", "The Tempest")
STARS = {"v1": "", "v2": "black", "v3": "red"}


class Instance(msgspec.Struct, frozen=True):
    """One version of one service: where it listens and which sidecar carries its calls."""

    service: str
    version: str
    port: int
    proxy_host: str
    proxy_port: int


class Plan(msgspec.Struct, frozen=True):
    """All that run in this process, and the process that they end with."""

    parent: int
    port: int  # the port of every service in the mesh
    instances: tuple[Instance, ...]


class Caller:
    """How an instance calls the others: through its sidecar, passing on the headers that tie a call tree together."""

    def __init__(self, instance: Instance, port: int) -> None:
        self._proxy = (instance.proxy_host, instance.proxy_port)
        self._port = port

    async def get(self, service: str, path: str, request: Request) -> Answer:
        """The answer of `service`; many calls run beside each other."""
        headers = {name: request.headers[name] for name in PROPAGATED if name in request.headers}
        url = f"http://{service}:{self._port}{path}"
        return await asyncio.to_thread(call, self._proxy, url, headers)


def ratings(_: Instance, __: Caller) -> Endpoint:
    """Stars per reviewer; `slow` in the path waits, for the lesson on timeouts."""

    async def answer(request: Request) -> Response:
        if request.headers.get("end-user") == "sloth":
            await asyncio.sleep(2.0)
        return JSONResponse({"ratings": {"Reviewer1": 5, "Reviewer2": 4}})

    return answer


def catalog(_: Instance, __: Caller) -> Endpoint:
    """What is for sale."""

    async def answer(_: Request) -> Response:
        return JSONResponse({"products": [{"id": index, "title": title} for index, title in enumerate(PRODUCTS)]})

    return answer


def users(_: Instance, __: Caller) -> Endpoint:
    """Who is asking."""

    async def answer(request: Request) -> Response:
        return JSONResponse({"name": request.headers.get("end-user", "guest")})

    return answer


def reviews(instance: Instance, caller: Caller) -> Endpoint:
    """Two opinions; version 1 has no stars, 2 has black ones, 3 red ones."""

    async def answer(request: Request) -> Response:
        body: dict[str, object] = {"version": instance.version, "stars": STARS[instance.version]}
        if instance.version != "v1":
            found = await caller.get("ratings", "/ratings/0", request)
            body["ratings"] = found.json().get("ratings", {})
            body["ratings_status"] = found.status
        body["reviews"] = ["An extremely entertaining play.", "Absolutely fun and entertaining."]
        return JSONResponse(body)

    return answer


def shop(instance: Instance, caller: Caller) -> Endpoint:
    """The page that a customer sees; `?as=json` gives its parts to the load generator."""

    async def answer(request: Request) -> Response:
        async with asyncio.TaskGroup() as group:
            asked = {
                name: group.create_task(caller.get(name, path, request))
                for name, path in (("catalog", "/products"), ("reviews", "/reviews/0"), ("users", "/me"))
            }
        answers = {name: task.result() for name, task in asked.items()}
        if request.query_params.get("as") == "json":
            parts = {name: {"status": got.status, **got.json()} for name, got in answers.items()}
            return JSONResponse({"version": instance.version, "parts": parts})
        return HTMLResponse(render_shop(answers))

    return answer


def render_shop(answers: dict[str, Answer]) -> str:
    """The shop as HTML."""
    products = answers["catalog"].json().get("products", [])
    title = html.escape(str(products[0]["title"])) if isinstance(products, list) and products else "no catalog"
    opinion = answers["reviews"].json()
    name = html.escape(str(answers["users"].json().get("name", "guest")))
    colour = str(opinion.get("stars", ""))
    stars = f'<span style="color:{html.escape(colour)}">★★★★★</span>' if colour else "<em>no stars</em>"
    lines = opinion.get("reviews", [])
    texts = "".join(f"<li>{html.escape(str(text))} {stars}</li>" for text in lines) if isinstance(lines, list) else ""
    status = answers["reviews"].status
    body = f"<ul>{texts}</ul>" if status == 200 else f"<p>Reviews are not available ({status}).</p>"
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>The shop</title>"
        "<style>body{font:16px/1.5 system-ui;margin:3rem auto;max-width:40rem}</style>"
        f"<h1>{title}</h1><p>Signed in as <b>{name}</b></p><h2>Reviews</h2>{body}"
        f"<p><small>reviews answered by version <b>{html.escape(str(opinion.get('version', '?')))}</b></small></p>"
    )


SERVICES: dict[str, Callable[[Instance, Caller], Endpoint]] = {
    "shop": shop,
    "catalog": catalog,
    "reviews": reviews,
    "ratings": ratings,
    "users": users,
}


def build_app(instance: Instance, port: int) -> Starlette:
    """The ASGI application of one instance; every path leads to its one endpoint."""
    endpoint = SERVICES[instance.service](instance, Caller(instance, port))

    async def answer(request: Request) -> Response:
        response = await endpoint(request)
        response.headers["x-served-by"] = f"{instance.service}-{instance.version}"
        return response

    return Starlette(routes=[Route("/{path:path}", answer)])


class _Server(uvicorn.Server):
    """One of many in this process, which ends at once when it is told to."""

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]
        """Nothing: signals keep their default."""
        return nullcontext()


async def serve(plan: Plan) -> None:
    """Serves all instances until the process is told to stop."""
    servers = [
        _Server(
            uvicorn.Config(
                build_app(instance, plan.port),
                host="127.0.0.1",
                port=instance.port,
                log_level="warning",
                lifespan="off",
            )
        )
        for instance in plan.instances
    ]
    # A request waits in a thread for each call below it: too few of them would wait for one another.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(CALL_THREADS))
    async with asyncio.TaskGroup() as group:
        for server in servers:
            group.create_task(server.serve())


def main(arguments: list[str]) -> None:
    """`arguments`: the file that holds the plan."""
    plan = msgspec.json.decode(Path(arguments[0]).read_bytes(), type=Plan)
    hold(plan.parent)
    asyncio.run(serve(plan))


if __name__ == "__main__":
    main(sys.argv[1:])
