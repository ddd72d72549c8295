"""From a response to the inventory: what is good comes into force, what is not is named in the answer."""

from collections.abc import Callable, Sequence
from typing import Any

from google.protobuf.message import DecodeError, Message

from tulle.foundation.errors import FieldProblem
from tulle.protos import type_urls
from tulle.protos.messages import Listener
from tulle.protos.pool import class_of_type_url
from tulle.proxy.xds.discovery import Received, ReceivedResource
from tulle.proxy.xds.inventory import Inventory, Rejected
from tulle.proxy.xds.warming import Supply

# Everything that is wrong with a message, in the words of its type's rules and of what the proxy supports.
Check = Callable[[str, Message], Sequence[FieldProblem]]

# What keeps a listener from its addresses once those that are gone have left theirs; empty when nothing does.
Admit = Callable[[Listener], str]

Good = dict[str, tuple[Any, str]]  # name → message and version

_WHAT = {type_urls.CLUSTER: "cluster(s)", type_urls.LISTENER: "listener(s)"}
_NAME_FIELDS = {type_urls.ENDPOINT: "cluster_name"}


class Receiver:
    """Applies responses to an inventory."""

    def __init__(self, inventory: Inventory, check: Check, admit: Admit) -> None:
        self._inventory = inventory
        self._check = check
        self._admit = admit

    def apply(self, received: Received) -> str:
        """Takes over what is good; the text that goes into the NACK, empty when all was good.

        Envoy: a NACK does not mean that nothing was applied; clusters and listeners beside a bad one come into force.
        """
        inventory = self._inventory
        discovery = inventory.discovery[received.type_url]
        discovery.initialized = True
        errors: list[tuple[str, str]] = []
        good: Good = {}
        for resource in received.resources:
            name, message, error = self._read(received.type_url, resource)
            if not error and name in good:
                error = f"duplicate {_kind(received.type_url)} {name} found"
            if error:
                errors.append((name, error))
            else:
                good[name] = (message, resource.version)
        errors.extend(self._take_over(received, good, failed={name for name, _ in errors}))
        self._note(received, good, dict(errors))
        if not errors:
            discovery.version = received.version
        return _error_text(received.type_url, errors)

    def _read(self, type_url: str, resource: ReceivedResource) -> tuple[str, Any, str]:
        """The name and message of a resource, or what is wrong with it."""
        if resource.type_url != type_url:
            return resource.name, None, f"has the type {resource.type_url} in a response of {type_url}"
        try:
            message: Any = class_of_type_url(type_url).FromString(resource.value)
        except DecodeError as error:
            return resource.name, None, f"cannot be read: {error}"
        name: str = getattr(message, _NAME_FIELDS.get(type_url, "name"))
        if not name:
            return resource.name, None, "has no name"
        problems = self._check(type_url, message)
        return name, message, "; ".join(str(problem) for problem in problems)

    def _note(self, received: Received, good: Good, errors: dict[str, str]) -> None:
        """Keeps what was wrong for the dump, until a good version comes."""
        rejected = self._inventory.discovery[received.type_url].rejected
        for name in good.keys() - errors.keys():
            rejected.pop(name, None)
        for resource in received.resources if errors else ():
            name = resource.name or _name_in(received.type_url, resource.value)
            if name in errors:
                rejected[name] = Rejected(resource.value, resource.version, errors[name], self._inventory.now())

    def _take_over(self, received: Received, good: Good, failed: set[str]) -> list[tuple[str, str]]:
        """Brings what is good into the inventory; more errors, when that fails."""
        match received.type_url:
            case type_urls.CLUSTER:
                self._take_clusters(received, good, failed)
            case type_urls.LISTENER:
                return self._take_listeners(received, good, failed)
            case type_urls.ENDPOINT | type_urls.ROUTE:
                self._take_supplies(received, good)
        return []

    def _gone(self, received: Received, good: Good, failed: set[str]) -> set[str]:
        """What a response says no longer exists; a resource that was sent broken keeps its last good version."""
        dynamic = self._inventory.dynamic_names(received.type_url)
        if received.whole:
            return dynamic - good.keys() - failed
        return dynamic & set(received.removed)

    def _take_clusters(self, received: Received, good: Good, failed: set[str]) -> None:
        for cluster, version in good.values():
            self._inventory.put_cluster(cluster, version)
        for name in self._gone(received, good, failed):
            self._inventory.clusters.remove(name)
        self._inventory.clusters.prune()

    def _take_listeners(self, received: Received, good: Good, failed: set[str]) -> list[tuple[str, str]]:
        # Removals go first, so that a new listener can take the address of one that is gone.
        for name in self._gone(received, good, failed):
            self._inventory.listeners.remove(name)
        errors: list[tuple[str, str]] = []
        for name, (listener, version) in good.items():
            error = self._admit(listener)
            if error:
                errors.append((name, error))
            else:
                self._inventory.put_listener(listener, version)
        self._inventory.listeners.prune()
        return errors

    def _take_supplies(self, received: Received, good: Good) -> None:
        of_clusters = received.type_url == type_urls.ENDPOINT
        users = self._inventory.clusters if of_clusters else self._inventory.listeners
        wanted = users.wanted()
        for name, (message, version) in good.items():
            if name in wanted:
                users.supply(
                    name, Supply(message.SerializeToString(deterministic=True), version, self._inventory.now())
                )
        if of_clusters:  # Envoy ignores the removal of routes that are in use
            for name in received.removed:
                users.give_up(name)
        users.prune()


def _name_in(type_url: str, value: bytes) -> str:
    try:
        message: Any = class_of_type_url(type_url).FromString(value)
    except DecodeError:
        return ""
    name: str = getattr(message, _NAME_FIELDS.get(type_url, "name"))
    return name


def _kind(type_url: str) -> str:
    return type_url.rpartition(".")[2]


def _error_text(type_url: str, errors: Sequence[tuple[str, str]]) -> str:
    if not errors:
        return ""
    listed = ", ".join(f"{name}: {error}" if name else error for name, error in errors)
    what = _WHAT.get(type_url)
    return f"Error adding/updating {what} {listed}" if what else listed
