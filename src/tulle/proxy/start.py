"""Composition root of the proxy: from options to running processes, or to the word that a file is good."""

import gc
import logging
from functools import partial
from typing import Any

from tulle.foundation.errors import FieldProblem, InvalidInput
from tulle.protos import type_urls
from tulle.proxy.assembly import check_resource, find_unknown_clusters
from tulle.proxy.bootstrap import BootstrapFile, describe_node, read_bootstrap
from tulle.proxy.extensions import SUPPORTED
from tulle.proxy.server.configuration import Checks
from tulle.proxy.server.options import DRAIN_TIME_S, ProxyOptions
from tulle.proxy.server.process import LatePool, Start, serve
from tulle.proxy.worker import run_worker

_log = logging.getLogger("tulle.proxy.start")


def start_proxy(options: ProxyOptions, began: float) -> int:
    """Runs the proxy until it is told to end; the exit code. `began` is the start on the monotonic clock."""
    # Everything is imported by now. The workers are forked before the file is read, so that they never hold what is
    # only needed to read it; what was frozen is not touched by their collectors and stays shared.
    gc.freeze()
    pool = LatePool(options.concurrency, run_worker)
    try:
        file = load_bootstrap(options)
    except BaseException:
        pool.pool.end()
        raise
    settings: dict[str, object] = {
        "concurrency": options.concurrency,
        "node_id": file.proto.node.id,
        "node_cluster": file.proto.node.cluster,
        "drain_time_s": DRAIN_TIME_S if options.drain_time_s is None else options.drain_time_s,
    }
    check = partial(check_resource, workers=options.concurrency)
    proto = file.proto
    del file
    return serve(Start(options, proto, Checks(check, find_unknown_clusters), settings, began), pool)


def validate_proxy(options: ProxyOptions) -> None:
    """Returns when the file would work; InvalidInput with everything that is wrong."""
    load_bootstrap(options)


def load_bootstrap(options: ProxyOptions) -> BootstrapFile:
    """The bootstrap with the node as it will be told to servers; all its resources can be built."""
    file = read_bootstrap(options.config_path, SUPPORTED)
    node = file.proto.node
    node.id = options.service_node or node.id
    node.cluster = options.service_cluster or node.cluster
    describe_node(file.proto)
    workers = options.concurrency
    problems = _check_static(file, type_urls.CLUSTER, "clusters", workers)
    problems += _check_static(file, type_urls.LISTENER, "listeners", workers)
    problems = problems or _check_clusters(file)
    if problems:
        raise InvalidInput(problems)
    return file


def _check_clusters(file: BootstrapFile) -> list[FieldProblem]:
    """Routes of static listeners that lead nowhere."""
    static = file.proto.static_resources
    known = {cluster.name for cluster in static.clusters}
    problems: list[FieldProblem] = []
    for index, listener in enumerate(static.listeners):
        found = find_unknown_clusters(listener, known)
        problems.extend(file.with_places(found, f"static_resources.listeners[{index}]"))
    return problems


def _check_static(file: BootstrapFile, type_url: str, field: str, workers: int) -> list[FieldProblem]:
    """What keeps static resources from being built, and names that stand twice."""
    problems: list[FieldProblem] = []
    seen: set[str] = set()
    items: Any = getattr(file.proto.static_resources, field)
    for index, item in enumerate(items):
        prefix = f"static_resources.{field}[{index}]"
        if item.name and item.name in seen:
            problems.extend(file.with_places([FieldProblem("name", f"{item.name} stands here twice")], prefix))
        seen.add(item.name)
        problems.extend(file.with_places(check_resource(type_url, item, rules=False, workers=workers), prefix))
    return problems
