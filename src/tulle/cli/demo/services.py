"""The five services of the demo, all in one process: `python -m tulle.cli.demo.services PLAN.json`."""

import asyncio
import html
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from importlib.resources import files
from pathlib import Path

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tulle.agent.leash import hold
from tulle.cli.demo.calls import PROPAGATED, Answer, call

CALL_THREADS = 64
Endpoint = Callable[[Request], Awaitable[Response]]

PRODUCTS = (
    "The Comedy of Errors",
    "A Midsummer Night's Dream",
    "The Tempest",
    "Twelfth Night",
    "As You Like It",
    "The Winter's Tale",
    "Much Ado About Nothing",
    "Measure for Measure",
    "The Merchant of Venice",
    "Pericles",
)
STARS = {"v1": "", "v2": "black", "v3": "red"}
SLOW_PRODUCT, SLOW_S = 5, 2.0  # whose ratings take their time: the lesson on timeouts
BROKEN_PRODUCT, BROKEN_VERSION = 7, "v3"  # which fail together: the planted bug


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
        if user := signed_in(request):
            headers["end-user"] = user
        url = f"http://{service}:{self._port}{path}"
        return await asyncio.to_thread(call, self._proxy, url, headers)


def product_of(request: Request) -> int:
    """The product that is asked for; the first when the number makes no sense."""
    text = request.query_params.get("product", "0")
    return int(text) % len(PRODUCTS) if text.isdecimal() else 0


def signed_in(request: Request) -> str:
    """Who is asking: by the header, or by the cookie of a browser, which cannot send headers of its own."""
    return request.headers.get("end-user", "") or request.cookies.get("user", "")


def ratings(_: Instance, __: Caller) -> Endpoint:
    """Stars per reviewer."""

    async def answer(request: Request) -> Response:
        if product_of(request) == SLOW_PRODUCT:
            await asyncio.sleep(SLOW_S)
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
        product = product_of(request)
        if product == BROKEN_PRODUCT and instance.version == BROKEN_VERSION:
            return JSONResponse({"version": instance.version, "error": "division by zero"}, 500)
        body: dict[str, object] = {"version": instance.version, "stars": STARS[instance.version]}
        if instance.version != "v1":
            found = await caller.get("ratings", f"/ratings?product={product}", request)
            body["ratings"] = found.json().get("ratings", {})
            body["ratings_status"] = found.status
        body["reviews"] = ["An extremely entertaining play.", "Absolutely fun and entertaining."]
        return JSONResponse(body)

    return answer


def shop(instance: Instance, caller: Caller) -> Endpoint:
    """The page that a customer sees; `?as=json` gives its parts to the load generator."""

    async def answer(request: Request) -> Response:
        product = product_of(request)
        if "sign-in" in request.query_params:
            return _sign_in(request.query_params["sign-in"], product)
        async with asyncio.TaskGroup() as group:
            asked = {
                name: group.create_task(caller.get(name, path, request))
                for name, path in (
                    ("catalog", "/products"),
                    ("reviews", f"/reviews?product={product}"),
                    ("users", "/me"),
                )
            }
        answers = {name: task.result() for name, task in asked.items()}
        if request.query_params.get("as") == "json":
            parts = {name: {**got.json(), "status": got.status} for name, got in answers.items()}
            request_id = request.headers.get("x-request-id", "")
            return JSONResponse({"version": instance.version, "parts": parts, "request_id": request_id})
        return HTMLResponse(render_shop(answers, product))

    return answer


def _sign_in(name: str, product: int) -> Response:
    """Sends the browser back with a cookie that says who sits before it; without a name it forgets."""
    response = RedirectResponse(f"/?product={product}", 303)
    if name.isalnum():
        response.set_cookie("user", name, httponly=True, samesite="lax")
    else:
        response.delete_cookie("user")
    return response


def render_shop(answers: dict[str, Answer], product: int) -> str:
    """The shop as HTML."""
    products = answers["catalog"].json().get("products", [])
    titles = [str(item["title"]) for item in products] if isinstance(products, list) else []
    name = str(answers["users"].json().get("name", "guest"))
    opinion, status = answers["reviews"].json(), answers["reviews"].status
    colour = str(opinion.get("stars", ""))
    ratings = opinion.get("ratings")
    numbers = list(ratings.values()) if isinstance(ratings, dict) else []
    lines = opinion.get("reviews", [])
    texts = [str(line) for line in lines] if isinstance(lines, list) else []
    return (
        (files("tulle.cli.demo") / "page" / "shop.html")
        .read_text()
        .format(
            title=html.escape(titles[product] if product < len(titles) else "No catalog"),
            name=html.escape(name),
            door=f"<a href='/?product={product}&amp;sign-in={'' if name != 'guest' else 'jason'}'>"
            + ("sign in as jason</a>" if name == "guest" else "sign out</a>"),
            reviews="".join(_review(text, numbers[index : index + 1], colour) for index, text in enumerate(texts))
            or f"<p class=gone>Reviews are not available ({status}).</p>",
            version=html.escape(str(opinion.get("version", "nobody"))),
            products="".join(
                f"<a href='/?product={index}'{' class=here' * (index == product)}>{html.escape(title)}</a>"
                for index, title in enumerate(titles)
            ),
        )
    )


def _review(text: str, number: list[object], colour: str) -> str:
    """One opinion, with its stars when there are any."""
    stars = f"<span class='stars {html.escape(colour)}'>{'★' * int(str(number[0]))}</span>" if number else ""
    return f"<blockquote>{html.escape(text)} {stars}</blockquote>"


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
