"""A small HTTP/1.1 server for the admin pages: keep-alive, no bodies, one request at a time per connection."""

import asyncio
import logging
from http import HTTPStatus
from time import gmtime, strftime
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from tulle.proxy.admin.page import TEXT, Answer, BadQuery, Page
from tulle.proxy.admin.server_pages import not_found
from tulle.proxy.admin.view import ProxyView
from tulle.proxy.telemetry.stats import Counter, Gauge, StatsGroup, StatsStore

_MAX_HEAD = 64 * 1024
_IDLE_S = 300.0

_log = logging.getLogger("tulle.proxy.admin")


class AdminStats(StatsGroup):
    """Envoy counts its admin listener as one more HTTP connection manager."""

    downstream_cx_total: Counter
    downstream_cx_active: Gauge
    downstream_cx_destroy: Counter
    downstream_rq_total: Counter
    downstream_rq_active: Gauge
    downstream_rq_completed: Counter
    downstream_rq_2xx: Counter
    downstream_rq_3xx: Counter
    downstream_rq_4xx: Counter
    downstream_rq_5xx: Counter


class _Request(NamedTuple):
    method: str
    target: str
    body_length: int
    keep_alive: bool


class AdminServer:
    """Serves `pages` about `proxy`."""

    def __init__(self, pages: tuple[Page, ...], proxy: ProxyView, stats: StatsStore) -> None:
        self._pages = {page.path: page for page in pages}
        self._proxy = proxy
        self._stats = AdminStats(stats, "http.admin.")

    async def serve_connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client, until it leaves."""
        stats = self._stats
        stats.downstream_cx_total.value += 1
        stats.downstream_cx_active.value += 1
        try:
            while await self._serve_request(reader, writer):
                pass
        except (OSError, EOFError, TimeoutError, ValueError) as error:
            _log.debug("admin connection ended: %s", error)
        finally:
            stats.downstream_cx_active.value -= 1
            stats.downstream_cx_destroy.value += 1
            writer.close()

    async def _serve_request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        async with asyncio.timeout(_IDLE_S):
            head = await reader.readuntil(b"\r\n\r\n")
        request = _parse_head(head)
        if request.body_length:
            await reader.readexactly(request.body_length)
        self._stats.downstream_rq_total.value += 1
        self._stats.downstream_rq_active.value += 1
        try:
            answer = await self.answer(request.method, request.target)
        finally:
            self._stats.downstream_rq_active.value -= 1
        self._count(answer.status)
        writer.write(_response(answer, request))
        await writer.drain()
        return request.keep_alive

    async def answer(self, method: str, target: str) -> Answer:
        """The page for a request line."""
        parts = urlsplit(target)
        page = self._pages.get(unquote(parts.path))
        if page is None:
            return not_found(tuple(self._pages.values()))
        if page.mutates and method != "POST":
            _log.error('admin path "%s" mutates state, method=%s rather than POST', page.path, method)
            return Answer(f"Method {method} not allowed, POST required.", 405, TEXT)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        try:
            page.check(query)
            return await page.render(self._proxy, query)
        except BadQuery as error:
            return Answer(f"{error}\n", 400, TEXT)
        except Exception:
            _log.exception("admin page %s failed", page.path)
            return Answer("internal error; the log has it\n", 500, TEXT)

    def _count(self, status: int) -> None:
        stats = self._stats
        stats.downstream_rq_completed.value += 1
        by_class = (
            stats.downstream_rq_2xx,
            stats.downstream_rq_3xx,
            stats.downstream_rq_4xx,
            stats.downstream_rq_5xx,
        )
        by_class[status // 100 - 2].value += 1


def _parse_head(head: bytes) -> _Request:
    """The request line and the headers that matter; ValueError for what is not HTTP/1."""
    if len(head) > _MAX_HEAD:
        raise ValueError("request too large")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, protocol = first.split(" ")
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    connection = headers.get("connection", "").lower()
    keep_alive = connection != "close" if protocol == "HTTP/1.1" else connection == "keep-alive"
    return _Request(method, target, int(headers.get("content-length", "0")), keep_alive)


def _response(answer: Answer, request: _Request) -> bytes:
    body = answer.body.encode()
    head = (
        f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}\r\n"
        f"content-type: {answer.content_type}\r\n"
        "cache-control: no-cache, max-age=0\r\n"
        "x-content-type-options: nosniff\r\n"
        f"date: {strftime('%a, %d %b %Y %H:%M:%S GMT', gmtime())}\r\n"
        "server: tulle\r\n"
        f"content-length: {len(body)}\r\n"
        f"{'' if request.keep_alive else 'connection: close' + chr(13) + chr(10)}\r\n"
    )
    return head.encode() + (b"" if request.method == "HEAD" else body)
