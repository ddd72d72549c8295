"""Runs the requests of a case against a world and notes what could be seen from outside."""

import contextlib
import fcntl
import functools
import hashlib
import re
import socket
import ssl
import struct
import threading
import time
from collections import Counter
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from operator import itemgetter
from typing import Any

from tests.support.conformance import secure
from tests.support.conformance.case import Case, fill
from tests.support.conformance.clients import Answer, Http1Client, Http2Client, Request, connect
from tests.support.conformance.engines import wait_until
from tests.support.conformance.replies import patterned
from tests.support.conformance.upstreams import Seen
from tests.support.conformance.wire import Fields, Stream
from tests.support.conformance.worlds import World

_SHORT = 300
_LATE_S = 3.0
_QUIET_S = 0.3
_SIOCGIFADDR = 0x8915
_UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[1-9a-f][0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\b")
_DATE = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT")
_NOW_S = 60.0
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
# Duration and service time in Envoy's default format.
_DEFAULT_LOG = re.compile(r'^(\[<time>\] "[^"]*" \d+ \S+ \d+ \d+) \d+ (\d+|-) "')


class Observer:
    """Runs one case in one world."""

    def __init__(self, case: Case, world: World) -> None:
        self._case = case
        self._world = world
        self._clients: dict[str, Http1Client | Http2Client] = {}
        self._closing: list[tuple[Http1Client, dict[str, Any]]] = []
        self._names = {str(port): name for name, port in world.upstreams.ports.items()}

    def run(self, expected: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """What was observed, in the form of expect.yaml; what comes late is awaited as far as `expected` tells."""
        log = self._world.log_path(self._case)
        log_start = log.stat().st_size if log.exists() else 0
        before = self._stats()
        self._world.upstreams.take_seen()
        result: dict[str, Any] = {"requests": []}
        try:
            for step in self._case.steps:
                filled = fill(step, lambda kind, name: self._world.lookup(self._case, kind, name))
                result["requests"].append(self._step(filled))
            # A proxy may close a second after its answer; at the end it is waited for once and not each time.
            for client, described in self._closing:
                described["closed"] = client.closes()
        finally:
            for client, _ in self._closing:
                client.close()
            for client in self._clients.values():
                client.close()
            self._clients.clear()
        if self._case.logs:
            result["log"] = self._await_log(log_start, expected)
        if self._case.stats:
            result["stats"] = self._await_stats(before, expected)
        return result

    def _step(self, step: dict[str, Any]) -> dict[str, Any]:
        if "repeat" in step:
            return self._repeat(step)
        result = self._act(step)
        if self._case.brief:
            return self._shorten(result)
        seen = [self._describe_seen(seen) for seen in self._world.upstreams.take_seen()]
        if seen and not step.get("blind"):
            # Streams that run side by side reach their upstreams in any order.
            result["seen"] = sorted(seen, key=itemgetter("path")) if "streams" in step else seen
        return result

    def _act(self, step: dict[str, Any]) -> dict[str, Any]:
        self._secured: dict[str, Any] = {}
        acts = {"tcp": self._tcp, "raw": self._raw, "streams": self._streams}
        act = next((act for key, act in acts.items() if key in step), self._exchange)
        try:
            result = act(step)
        except secure.Unsafe as error:
            result = {"failure": str(error)}
        except ssl.SSLError as error:
            result = {"failure": secure.words(error)}
        return {"tls": self._secured, **result} if self._secured else result

    def _connect(self, step: Mapping[str, Any]) -> socket.socket:
        sock = connect(self._address(step), step.get("source"))
        if "tls" not in step:
            return sock
        secured = secure.secure(sock, step["tls"])
        self._secured = secure.describe(secured)
        return secured

    def _shorten(self, result: Mapping[str, Any]) -> dict[str, Any]:
        """Where a request went."""
        short = {key: result[key] for key in ("status", "failure", "received", "tls") if key in result}
        if "location" in result.get("headers", {}):
            short["location"] = result["headers"]["location"]
        for seen in self._world.upstreams.take_seen():
            short["upstream"] = f"{short['upstream']} {seen.upstream}" if "upstream" in short else seen.upstream
            if seen.path:
                short["path"] = seen.path
        return short

    def _client(self, step: Mapping[str, Any]) -> tuple[Http1Client | Http2Client, bool]:
        """A client for a step, and whether others go on to use it."""
        label = step.get("connection")
        if label in self._clients:
            return self._clients[label], True
        sock = self._connect(step)
        version = str(step.get("version", "1.1"))
        client = Http2Client(sock) if version == "2" else Http1Client(sock, version)
        if label:
            self._clients[label] = client
        return client, bool(label)

    def _address(self, step: Mapping[str, Any]) -> tuple[str, int]:
        return "127.0.0.1", self._world.port(self._case, step.get("listener", ""))

    def _exchange(self, step: dict[str, Any]) -> dict[str, Any]:
        client, shared = self._client(step)
        try:
            result = self._describe_answer(client.send(read_request(step)))
            if step.get("closes") and isinstance(client, Http1Client):
                self._closing.append((client, result))
                shared = True
        finally:
            if not shared:
                client.close()
        return result

    def _streams(self, step: dict[str, Any]) -> dict[str, Any]:
        client, shared = self._client({**step, "version": 2})
        assert isinstance(client, Http2Client)
        answers = client.send_all([read_request(stream) for stream in step["streams"]])
        if not shared:
            client.close()
        return {"streams": [self._describe_answer(answer) for answer in answers]}

    def _raw(self, step: dict[str, Any]) -> dict[str, Any]:
        client, shared = self._client(step)
        assert isinstance(client, Http1Client)
        try:
            client.send_raw(step["raw"].encode("latin-1"))
            method = step["raw"].partition(" ")[0]
            answers = [client.receive(method) for _ in range(step.get("responses", 1))]
            described = [self._describe_answer(answer) for answer in answers]
            result: dict[str, Any] = described[0] if len(described) == 1 else {"responses": described}
            if step.get("closes"):
                self._closing.append((client, result))
                shared = True
        finally:
            if not shared:
                client.close()
        return result

    def _tcp(self, step: dict[str, Any]) -> dict[str, Any]:
        """Sends bytes; with `half_close` what comes until the end is noted, otherwise as many bytes as were sent."""
        sock = self._connect(step)
        data = patterned(step["tcp"]["size"]) if isinstance(step["tcp"], dict) else step["tcp"].encode("latin-1")
        stream = Stream(sock)
        half_close = step.get("half_close", False)
        sender = threading.Thread(target=_send_bytes, args=(sock, data, half_close))
        with sock:
            sender.start()
            if "tls" in step:
                sender.join()  # OpenSSL does not read and write at the same time
            everything = half_close or step.get("read") == "all"
            received = stream.rest() if everything else stream.exactly(step.get("read", len(data)))
            sender.join()
        return {"received": self._describe_body(received)}

    def _repeat(self, step: dict[str, Any]) -> dict[str, Any]:
        """Many equal requests: the statuses, and whether the upstreams were chosen as `shares` or `rotation` says."""
        statuses: Counter[Any] = Counter()
        chosen: list[str] = []
        for _ in range(step["repeat"]):
            once = {key: value for key, value in step.items() if key != "repeat"}
            answer = self._tcp(once) if "tcp" in once else self._exchange(once)
            statuses[answer.get("status", answer.get("failure", answer.get("received")))] += 1
            chosen += [seen.upstream for seen in self._world.upstreams.take_seen()]
        result: dict[str, Any] = {"statuses": dict(statuses)}
        if "shares" in step:
            result["shares"] = _judge_shares(Counter(chosen), step)
        if "rotation" in step:
            result["rotation"] = _judge_rotation(chosen, step["rotation"])
        return result

    def _describe_answer(self, answer: Answer) -> dict[str, Any]:
        result: dict[str, Any] = {}
        if answer.interim:
            result["interim"] = answer.interim
        if answer.message is not None:
            result["status"] = answer.message.status
            result["headers"] = self._describe_fields(answer.message.fields)
            result["body"] = self._describe_body(answer.message.body)
            if answer.message.trailers:
                result["trailers"] = self._describe_fields(answer.message.trailers)
        if answer.failure:
            result["failure"] = answer.failure
        return result

    def _describe_seen(self, seen: Seen) -> dict[str, Any]:
        if seen.version == "tcp":
            wait_until(lambda: seen.ended, _QUIET_S)
            return {"upstream": seen.upstream, "received": self._describe_body(seen.body), "ended": seen.ended}
        result: dict[str, Any] = {"upstream": seen.upstream, "version": seen.version}
        result |= {"method": seen.method, "path": seen.path, "headers": self._describe_fields(seen.fields)}
        if seen.body:
            result["body"] = self._describe_body(seen.body)
        if seen.trailers:
            result["trailers"] = self._describe_fields(seen.trailers)
        return result

    def _describe_fields(self, fields: Fields) -> dict[str, Any]:
        result: dict[str, list[str]] = {}
        for name, value in fields:
            name = name.lower()
            if name == "x-envoy-upstream-service-time" and value.isdigit():
                value = "<ms>"
            elif name == "date" and _is_now(value):
                continue
            elif name == "x-forwarded-for":
                value = hide_machine(value)
            elif name == "x-forwarded-port":
                value = self._name_of(value)
            result.setdefault(name, []).append(self.steady(value))
        return {name: values[0] if len(values) == 1 else values for name, values in sorted(result.items())}

    def _describe_body(self, body: bytes) -> Any:
        if len(body) > _SHORT:
            return {"size": len(body), "sha256": hashlib.sha256(body).hexdigest()[:16]}
        return self.steady(body.decode("latin-1"))

    def steady(self, text: str) -> str:
        """A text without what differs from run to run."""
        text = text.replace(self._case.prefix, "")
        text = _TIME.sub("<time>", _UUID.sub("<uuid>", text))
        text = re.sub(r"(127\.0\.0\.\d+):(\d+)", lambda match: f"{match[1]}:{self._name_of(match[2])}", text)
        for pattern, replacement in self._case.volatile.items():
            text = re.sub(pattern, replacement, text)
        return text

    def _name_of(self, port: str) -> str:
        if port in self._names:
            return f"<{self._names[port]}>"
        return "<listener>" if port in self._world.listener_ports(self._case) else "<port>"

    def _await_log(self, start: int, expected: Mapping[str, Any] | None) -> list[str]:
        path = self._world.log_path(self._case)

        def lines() -> list[str]:
            if not path.exists():
                return []
            return path.read_bytes()[start:].decode("utf-8", "surrogateescape").splitlines()

        if expected is None:
            wait_until(lambda: False, _QUIET_S)
        else:
            self._world.process.flush_logs()
            wait_until(lambda: len(lines()) >= len(expected.get("log", [])), _LATE_S)
        return [_DEFAULT_LOG.sub(r'\1 <ms> <ms> "', self.steady(line)) for line in lines()]

    def _stats(self) -> dict[str, int]:
        return self._world.process.stats() if self._case.stats else {}

    def _await_stats(self, before: Mapping[str, int], expected: Mapping[str, Any] | None) -> dict[str, int]:
        """By how much the named statistics grew; those that begin with = as they stand."""

        def growth() -> dict[str, int]:
            now = self._stats()
            result: dict[str, int] = {}
            for name in self._case.stats:
                full = self._full_stat(name.removeprefix("="))
                result[name] = now.get(full, 0) - (0 if name.startswith("=") else before.get(full, 0))
            return result

        if expected is None:
            wait_until(lambda: False, _QUIET_S)
        else:
            wait_until(lambda: growth() == expected.get("stats"), _LATE_S)
        return growth()

    def _full_stat(self, name: str) -> str:
        for family in ("cluster.", "http.", "tcp."):
            if name.startswith(family):
                return f"{family}{self._case.prefix}{name.removeprefix(family)}"
        return str(fill(name, lambda kind, value: self._world.lookup(self._case, kind, value)))


def _is_now(date: str) -> bool:
    """Whether a date header is well formed and tells about the present time."""
    if not _DATE.fullmatch(date):
        return False
    return abs(parsedate_to_datetime(date).timestamp() - time.time()) < _NOW_S


def hide_machine(value: str) -> str:
    """The value of x-forwarded-for without the address of this machine, which Envoy names for a loopback peer."""
    own = own_address()
    return ",".join("<machine>" if entry == own else entry for entry in value.split(","))


@functools.cache
def own_address() -> str:
    """The first address that is not a loopback one (Envoy: Network::Utility::getLocalAddress); 127.0.0.1 if none is."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for _, interface in socket.if_nameindex():
            with contextlib.suppress(OSError):
                request = struct.pack("256s", interface.encode()[:15])
                address = socket.inet_ntoa(fcntl.ioctl(sock.fileno(), _SIOCGIFADDR, request)[20:24])
                if not address.startswith("127."):
                    return address
    return "127.0.0.1"


def _send_bytes(sock: socket.socket, data: bytes, half_close: bool) -> None:
    with contextlib.suppress(OSError):
        sock.sendall(data)
        if half_close:
            sock.shutdown(socket.SHUT_WR)


def read_request(step: Mapping[str, Any]) -> Request:
    """The request that a step describes."""
    chunks = step.get("chunks")
    body = step.get("body")
    return Request(
        step.get("method", "GET"),
        step.get("path", "/"),
        step.get("host", "test.local"),
        _fields(step.get("headers", {})),
        None if body is None else _bytes(body),
        None if chunks is None else [_bytes(chunk) for chunk in chunks],
        _fields(step.get("trailers", {})),
        step.get("continue", False),
    )


def _fields(given: Mapping[str, Any]) -> Fields:
    """A mapping of names to a value or a list of them, as pairs."""
    pairs: Fields = []
    for name, value in given.items():
        pairs += [(name, str(item)) for item in (value if isinstance(value, list) else [value])]
    return pairs


def _bytes(given: Any) -> bytes:
    """A body: text, or {size: N}."""
    return patterned(given["size"]) if isinstance(given, dict) else str(given).encode()


def _judge_shares(counts: Counter[str], step: Mapping[str, Any]) -> str:
    """`as wanted`, or how the requests were split instead."""
    wanted, allowed = step["shares"], step.get("tolerance", 0)
    total = sum(wanted.values())
    given = sum(counts.values()) or 1
    off = {name: abs(counts[name] - given * share / total) for name, share in wanted.items()}
    unknown = set(counts) - set(wanted)
    if unknown or any(distance > allowed for distance in off.values()) or not counts:
        return f"wanted {wanted}, got {dict(counts)}"
    return "as wanted"


def _judge_rotation(chosen: list[str], wanted: list[str]) -> str:
    """`as wanted` when the upstreams came again and again in this order, from any start."""
    for start in range(len(wanted)):
        if all(name == wanted[(start + number) % len(wanted)] for number, name in enumerate(chosen)) and chosen:
            return "as wanted"
    return f"wanted {wanted} again and again, got {chosen}"
