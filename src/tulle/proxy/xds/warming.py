"""Things that come into force once what they name is there: clusters and their endpoints, listeners and their routes.

A pure machine: it is told what came and what time it is, and says what to publish, in an order in which nothing that is
in force ever refers to something that is not there.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

# (type URL, name, serialized resource or None when it is gone)
Publish = Callable[[str, str, bytes | None], None]


@dataclass(slots=True)
class Resource:
    """A resource that was accepted. `needs`: names of the supplies that it waits for."""

    name: str
    data: bytes
    version: str = ""
    updated: float = 0.0  # seconds since the epoch
    needs: frozenset[str] = frozenset()
    static: bool = False
    fetch_timeout_s: float = 15.0  # how long it waits for its supplies; 0: for ever
    deadline: float | None = field(default=None, compare=False)


class Supply(NamedTuple):
    """What a resource waits for: a set of endpoints, a route configuration."""

    data: bytes
    version: str = ""
    updated: float = 0.0


class Kinds(NamedTuple):
    """The two type URLs, and which of the two workers must know first when both are new."""

    resource: str
    supply: str
    supply_first: bool


class WarmingSet:
    """All resources of one kind: those in force, those still warming, and their supplies."""

    def __init__(self, kinds: Kinds, publish: Publish, clock: Callable[[], float]) -> None:
        self._kinds = kinds
        self._publish = publish
        self._clock = clock
        self._waiting: dict[str, set[str]] = {}  # name of a supply → names of the resources that wait for it
        self._users: dict[str, set[str]] = {}  # name of a supply → names of the resources in force that use it
        self._held = False
        self.active: dict[str, Resource] = {}
        self.warming: dict[str, Resource] = {}
        self.supplies: dict[str, Supply] = {}

    def put(self, resource: Resource) -> bool:
        """Takes a new or changed resource; False when it is the same as before."""
        current = self.warming.get(resource.name) or self.active.get(resource.name)
        if current is not None and current.data == resource.data and current.needs == resource.needs:
            current.version = resource.version
            return False
        self._stop_warming(resource.name)
        missing = resource.needs - self.supplies.keys()
        if not missing:
            self._activate(resource)
            return True
        if resource.fetch_timeout_s:
            resource.deadline = self._clock() + resource.fetch_timeout_s
        self.warming[resource.name] = resource
        for name in missing:
            self._waiting.setdefault(name, set()).add(resource.name)
        return True

    def remove(self, name: str) -> bool:
        """Takes a resource away; False when there was none."""
        warming = self._stop_warming(name)
        active = self.active.pop(name, None)
        if active is not None:
            self._note_use(active, None)
            self._tell(self._kinds.resource, name, None)
        return active is not None or warming is not None

    def supply(self, name: str, supply: Supply) -> None:
        """Takes a supply; whatever waited only for it comes into force."""
        known = self.supplies.get(name)
        self.supplies[name] = supply
        if self._users.get(name) and (known is None or known.data != supply.data):
            self._tell(self._kinds.supply, name, supply.data)
        self._end_wait(name)

    def give_up(self, name: str) -> None:
        """The server says that a supply does not exist: nobody waits for it any longer."""
        self._end_wait(name)

    def wanted(self) -> frozenset[str]:
        """The names of all supplies that are in use or waited for."""
        names: set[str] = set()
        for resource in (*self.active.values(), *self.warming.values()):
            names |= resource.needs
        return frozenset(names)

    def next_deadline(self) -> float | None:
        """When `expire` has something to do."""
        return min((found.deadline for found in self.warming.values() if found.deadline is not None), default=None)

    def expire(self) -> None:
        """Brings into force, with what is there, everything that has waited long enough."""
        now = self._clock()
        due = [found for found in self.warming.values() if found.deadline is not None and found.deadline <= now]
        for resource in due:
            self._stop_warming(resource.name)
            self._activate(resource)

    def prune(self) -> None:
        """Forgets the supplies that nobody wants any longer; called once after a batch of changes."""
        for name in self.supplies.keys() - self.wanted():
            del self.supplies[name]
            if self._kinds.supply_first:
                self._tell(self._kinds.supply, name, None)
        for name in [name for name, users in self._users.items() if not users]:
            del self._users[name]

    def hold(self) -> None:
        """From now on nothing is published; `release` makes up for it."""
        self._held = True

    def release(self) -> None:
        """Publishes everything in force, and from now on each change at once."""
        self._held = False
        for type_url, name, data in self.snapshot():
            self._publish(type_url, name, data)

    def snapshot(self) -> Iterator[tuple[str, str, bytes]]:
        """All that is in force, in the order in which a new worker must hear of it; nothing while it is held."""
        if self._held:
            return
        if self._kinds.supply_first:
            yield from self._supplies_in_force()
        for resource in self.active.values():
            yield self._kinds.resource, resource.name, resource.data
        if not self._kinds.supply_first:
            yield from self._supplies_in_force()

    def _supplies_in_force(self) -> Iterator[tuple[str, str, bytes]]:
        for name, supply in self.supplies.items():
            if self._users.get(name):
                yield self._kinds.supply, name, supply.data

    def _activate(self, resource: Resource) -> None:
        resource.deadline = None
        before = self.active.get(resource.name)
        self.active[resource.name] = resource
        if self._kinds.supply_first:
            # Routes that are in use are known to the workers; a cluster that is made anew starts without endpoints.
            self._publish_supplies({name for name in resource.needs if not self._users.get(name)})
            self._tell(self._kinds.resource, resource.name, resource.data)
        else:
            self._tell(self._kinds.resource, resource.name, resource.data)
            self._publish_supplies(resource.needs)
        self._note_use(before, resource)

    def _note_use(self, before: Resource | None, after: Resource | None) -> None:
        if before is not None:
            for name in before.needs:
                self._users[name].discard(before.name)
        if after is not None:
            for name in after.needs:
                self._users.setdefault(name, set()).add(after.name)

    def _tell(self, type_url: str, name: str, data: bytes | None) -> None:
        if not self._held:
            self._publish(type_url, name, data)

    def _publish_supplies(self, names: Iterable[str]) -> None:
        for name in sorted(names):
            supply = self.supplies.get(name)
            if supply is not None:
                self._tell(self._kinds.supply, name, supply.data)

    def _stop_warming(self, name: str) -> Resource | None:
        resource = self.warming.pop(name, None)
        if resource is not None:
            for need in resource.needs:
                waiters = self._waiting.get(need)
                if waiters is not None:
                    waiters.discard(name)
        return resource

    def _end_wait(self, supply_name: str) -> None:
        for name in sorted(self._waiting.pop(supply_name, ())):
            resource = self.warming.get(name)
            if resource is not None and not any(name in self._waiting.get(need, ()) for need in resource.needs):
                del self.warming[name]
                self._activate(resource)
