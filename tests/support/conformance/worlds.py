"""Many cases in one proxy: their bootstraps are merged under names of their own."""

import contextlib
import random
import re
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.support.conformance import secure
from tests.support.conformance.case import Case, fill, parse_bootstrap
from tests.support.conformance.engines import Engine, Refused
from tests.support.conformance.upstreams import Upstreams

_ADMIN = {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}}}
_PLACE = re.compile(r"static_resources\.(listeners|clusters)\[(\d+)\]")
# The fields that name a cluster.
_REFERENCES = ("cluster", "cluster_name")


def put_prefix(value: Any, prefix: str, *, in_weighted: bool = False) -> Any:
    """A structure whose references to clusters, and stat prefixes, begin with `prefix`."""
    if isinstance(value, list):
        return [put_prefix(item, prefix, in_weighted=in_weighted) for item in value]
    if not isinstance(value, dict):
        return value
    result: dict[str, Any] = {}
    for key, item in value.items():
        names = key in (*_REFERENCES, "stat_prefix") or (key == "name" and in_weighted)
        if names and isinstance(item, str) and item:
            result[key] = prefix + item
        else:
            weighted = key == "weighted_clusters" or (in_weighted and key == "clusters")
            result[key] = put_prefix(item, prefix, in_weighted=weighted)
    return result


def free_port() -> int:
    """A port that nobody has, outside the range from which the kernel gives ports to those who ask for any."""
    while True:
        port = random.randrange(15_000, 30_000)
        with socket.socket() as sock, contextlib.suppress(OSError):
            sock.bind(("127.0.0.1", port))
            return port


class World:
    """One proxy of one engine that serves some cases, and the upstreams it is pointed at."""

    def __init__(self, engine: str, folder: Path, cases: list[Case], upstreams: Iterable[str] = ()) -> None:
        self.engine = engine
        self.folder = folder
        self.upstreams = Upstreams()
        for name in upstreams:
            self.upstreams.add(name)
        self.refused: dict[str, str] = {}
        self._cases = cases
        self._free: dict[tuple[str, str], int] = {}
        self._listeners: dict[str, int] = {}
        self._owners: dict[str, list[str]] = {}
        self._process: Engine | None = None
        self.start()

    def start(self) -> None:
        """Starts the process with the cases that were not refused."""
        self._process = Engine(self.engine, self.folder, self._bootstrap())

    def wait(self) -> None:
        """Returns when the proxy serves; cases that it refuses by place are left out, and noted in `refused`."""
        while True:
            try:
                self.process.wait()
            except Refused as error:
                blamed = self._blame(str(error))
                if not blamed:
                    raise
                self.refused.update(blamed)
                self.start()
            else:
                self._listeners = self.process.listeners()
                return

    @property
    def process(self) -> Engine:
        """The running proxy."""
        assert self._process is not None
        return self._process

    def port(self, case: Case, listener: str = "") -> int:
        """The port of a case's listener; of its first one without a name."""
        if listener:
            return self._listeners[case.prefix + listener]
        return next(port for name, port in self._listeners.items() if name.startswith(case.prefix))

    def listener_ports(self, case: Case) -> set[str]:
        """The ports of all listeners of a case."""
        return {str(port) for name, port in self._listeners.items() if name.startswith(case.prefix)}

    def log_path(self, case: Case) -> Path:
        """Where the access log of a case goes."""
        return self.folder / f"{case.name}.log"

    def lookup(self, case: Case, kind: str, name: str) -> str:
        """The value of a placeholder."""
        if kind == "port":
            return str(self.upstreams.ports[name])
        if kind == "free":
            return str(self._free.setdefault((case.name, name), free_port()))
        if kind == "listener":
            return str(self.port(case, name))
        value = secure.lookup(kind, name)
        if value is not None:
            return value
        values = {"log": str(self.log_path(case)), "dir": str(case.folder), "prefix": case.prefix}
        return values[kind]

    def close(self) -> None:
        """Ends everything."""
        self.process.stop()
        self.upstreams.close()

    def _bootstrap(self) -> dict[str, Any]:
        merged: dict[str, Any] = {"node": {"id": "test-node", "cluster": "test-cluster"}, "admin": _ADMIN}
        resources: dict[str, list[Any]] = {"listeners": [], "clusters": []}
        self._owners = {"listeners": [], "clusters": []}
        for case in self._cases:
            if case.name in self.refused:
                continue
            own = self.bootstrap_of(case)
            given = own.pop("static_resources")
            merged.update(own)
            for kind, items in resources.items():
                items += given.get(kind, [])
                self._owners[kind] += [case.name] * len(given.get(kind, []))
        return {**merged, "static_resources": resources}

    def bootstrap_of(self, case: Case) -> dict[str, Any]:
        """The bootstrap of a case with its names and ports."""
        own: dict[str, Any] = fill(parse_bootstrap(case.bootstrap), lambda kind, name: self.lookup(case, kind, name))
        resources = put_prefix(own["static_resources"], case.prefix)
        for item in [*resources.get("listeners", []), *resources.get("clusters", [])]:
            item["name"] = case.prefix + item["name"]
        return {**own, "static_resources": resources}

    def _blame(self, output: str) -> dict[str, str]:
        """Whose resources the places in an error message lead to."""
        blamed: dict[str, str] = {}
        for line in output.splitlines():
            for kind, index in _PLACE.findall(line):
                owner = self._owners[kind][int(index)]
                blamed[owner] = f"{blamed.get(owner, '')}\n{line}".strip()
        return blamed
