"""The page and its buttons."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.json_server import json_server
from tulle.agent.addresses import free_port
from tulle.agent.bootstrap import ProxySettings
from tulle.cli.demo import course as course_module
from tulle.cli.demo.calls import Answer
from tulle.cli.demo.course import Course
from tulle.cli.demo.page_server import BUTTON_HEADER, Page, build_page, serve_page
from tulle.cli.demo.traffic import Traffic
from tulle.cli.mesh.application import wait_until_open
from tulle.cli.mesh.local_mesh import RunningProxy
from tulle.cli.up import changes

NODE = "sidecar~127.9.0.1~a.default~default.svc.cluster.local"


class Child:
    pid = 42
    restarts = 1


class FakeMesh:
    def __init__(self, admin_url: str) -> None:
        self.admin_url = admin_url
        settings = ProxySettings("sidecar", "a", "127.9.0.1", ("127.0.0.1", 1), labels={"app": "a", "version": "v1"})
        self.proxies = [RunningProxy(settings, Child(), "http://127.0.0.1:2", "envoy")]  # type: ignore[arg-type]


class FakeDemo:
    engine = "envoy"
    gateway_port = 8080

    def __init__(self, admin_url: str, rules: Path) -> None:
        self.mesh = FakeMesh(admin_url)
        self.rules = rules
        self.written: list[dict[str, str]] = []

    def write_rules(self, files: dict[str, str]) -> float:
        self.written.append(files)
        return 0.0

    def edited_at(self, files: dict[str, str]) -> float | None:
        return None

    def ask(self, user: str, product: int) -> Answer:
        return Answer(0, b"", {})


class Client:
    """Calls an ASGI application without a server."""

    def __init__(self, app: Any) -> None:
        self._app = app

    def send(self, method: str, path: str, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
        found: list[dict[str, Any]] = []
        raw = [(name.encode(), value.encode()) for name, value in {"host": "127.0.0.1", **(headers or {})}.items()]
        where, _, query = path.partition("?")
        scope = {
            "type": "http",
            "method": method,
            "path": where,
            "raw_path": where.encode(),
            "query_string": query.encode(),
            "headers": raw,
            "scheme": "http",
            "http_version": "1.1",
        }

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b""}

        async def send(message: dict[str, Any]) -> None:
            found.append(message)

        asyncio.run(self._app(scope, receive, send))
        return found[0]["status"], b"".join(message.get("body", b"") for message in found)


@contextmanager
def demo_page(folder: Path) -> Iterator[tuple[Client, FakeDemo]]:
    known = {"proxy": NODE, **{kind: {"status": "SYNCED"} for kind in ("CDS", "EDS", "LDS", "RDS")}}
    with json_server(debug_syncz=[known], debug_problems=[]) as server:
        demo = FakeDemo(server.url, folder)
        traffic = Traffic(lambda: 0.0)
        course = Course(demo, traffic, lambda _: None)  # type: ignore[arg-type]
        yield Client(build_page(Page(demo, course, traffic))), demo  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "QUIET_S", 0.0)
    monkeypatch.setattr(course_module, "_SETTLE_S", 0.0)


def test_the_page_and_its_data_are_served(tmp_path: Path) -> None:
    import json

    with demo_page(tmp_path) as (client, _):
        for path in ("/", "/style.css", "/app.js"):
            status, body = client.send("GET", path)
            assert (status, len(body) > 1000) == (200, True)
        course = json.loads(client.send("GET", "/api/course")[1])
        assert [item["name"] for item in course["lessons"]][:2] == ["all-v1", "canary"]
        assert course["lessons"][0]["yaml"][0]["file"] == str(tmp_path / "reviews.yaml")
        state = json.loads(client.send("GET", "/api/state")[1])
    (proxy,) = state["proxies"]
    assert (proxy["name"], proxy["pid"], proxy["types"]["RDS"]) == ("a", 42, "SYNCED")
    assert {item["user"] for item in state["shares"]} == {"guest", "jason"}


def test_a_button_applies_a_lesson_and_the_sliders_shares_of_ones_own(tmp_path: Path) -> None:
    with demo_page(tmp_path) as (client, demo):
        assert client.send("POST", "/api/lesson/canary", {BUTTON_HEADER: "1"})[0] == 200
        assert client.send("POST", "/api/split?v1=20&v2=80", {BUTTON_HEADER: "1"})[0] == 200
        assert "weight: 10" in demo.written[0]["reviews.yaml"]
        assert "weight: 80" in demo.written[1]["reviews.yaml"]


def test_what_makes_no_sense_is_refused_with_words(tmp_path: Path) -> None:
    with demo_page(tmp_path) as (client, demo):
        status, body = client.send("POST", "/api/lesson/canari", {BUTTON_HEADER: "1"})
        assert status == 404
        assert b"did you mean canary?" in body
        assert client.send("POST", "/api/split?v1=20", {BUTTON_HEADER: "1"})[0] == 400
        assert client.send("POST", "/api/split?v1=-1&v2=101", {BUTTON_HEADER: "1"})[0] == 400
        assert demo.written == []


def test_other_sites_can_neither_press_a_button_nor_read_the_page(tmp_path: Path) -> None:
    with demo_page(tmp_path) as (client, demo):
        assert client.send("POST", "/api/lesson/canary")[0] == 403
        assert client.send("POST", "/api/split?v1=100")[0] == 403
        assert client.send("GET", "/api/state", {"host": "evil.example"})[0] == 403
        assert demo.written == []


def test_the_server_ends_with_its_task(tmp_path: Path) -> None:
    async def main() -> None:
        demo = FakeDemo("http://127.0.0.1:1", tmp_path)
        traffic = Traffic(lambda: 0.0)
        page = Page(demo, Course(demo, traffic, lambda _: None), traffic)  # type: ignore[arg-type]
        port = free_port()
        async with asyncio.TaskGroup() as group:
            task = group.create_task(serve_page(page, port))
            assert await wait_until_open(port, 5.0)
            task.cancel()
        assert not await wait_until_open(port, 0.0)

    asyncio.run(main())
