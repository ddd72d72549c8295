"""The admin's HTTP server."""

import asyncio
from collections.abc import Awaitable, Callable

from tests.support.fake_proxy import FakeProxy
from tulle.proxy.admin.http_server import AdminServer
from tulle.proxy.admin.pages import PAGES
from tulle.proxy.telemetry.stats import StatsStore

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def _serve(talk: Talk) -> StatsStore:
    stats = StatsStore()

    async def run() -> None:
        admin = AdminServer(PAGES, FakeProxy(), stats)
        server = await asyncio.start_server(admin.serve_connection, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        await asyncio.wait_for(talk(reader, writer), 5)
        writer.close()
        server.close()

    asyncio.run(run())
    return stats


async def _response(reader: asyncio.StreamReader) -> tuple[str, dict[str, str], str]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = head.strip().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    return first, headers, (await reader.readexactly(int(headers["content-length"]))).decode()


def test_requests_follow_each_other_on_one_connection() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"GET /ready HTTP/1.1\r\nhost: x\r\n\r\n")
        first, headers, body = await _response(reader)
        assert (first, body) == ("HTTP/1.1 200 OK", "LIVE\n")
        assert headers["cache-control"] == "no-cache, max-age=0"
        writer.write(b"POST /quitquitquit HTTP/1.1\r\ncontent-length: 3\r\n\r\nabc")
        writer.write(b"GET /nope HTTP/1.1\r\nConnection: close\r\n\r\n")
        assert (await _response(reader))[2] == "OK\n"
        first, headers, _ = await _response(reader)
        assert (first, headers["connection"]) == ("HTTP/1.1 404 Not Found", "close")
        assert await reader.read() == b""

    counters = _serve(talk).snapshot().counters
    assert counters["http.admin.downstream_rq_total"] == 3
    assert counters["http.admin.downstream_rq_2xx"] == 2
    assert counters["http.admin.downstream_rq_4xx"] == 1


def test_what_changes_the_proxy_is_refused_by_get_and_bad_queries_are_400() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"GET /quitquitquit HTTP/1.1\r\n\r\n")
        first, _, body = await _response(reader)
        assert (first, body) == ("HTTP/1.1 405 Method Not Allowed", "Method GET not allowed, POST required.")
        for target in ("/stats?format=xml", "/stats?bogus=1", "/stats?filter=(", "/clusters?bogus"):
            writer.write(f"GET {target} HTTP/1.1\r\n\r\n".encode())
            assert (await _response(reader))[0] == "HTTP/1.1 400 Bad Request", target

    _serve(talk)


def test_something_that_is_not_http_ends_the_connection() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello\r\n\r\n")
        assert await reader.read() == b""

    _serve(talk)
