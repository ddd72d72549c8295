"""What both variants of xDS share: what a client asks for of one type, and what an exchange came to."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Protocol, TypeVar

from tulle.controlplane.translate.generate import NamedResource
from tulle.protos import type_urls
from tulle.protos.messages import DeltaDiscoveryResponse, DiscoveryResponse

WILDCARD = "*"
NO_REASON = "the proxy gave no reason"
# Of these a client may ask for all without a name, and a response of the SotW variant always holds all of them.
FULL_STATE_TYPES = frozenset({type_urls.CLUSTER, type_urls.LISTENER})

# The resources of one type with the given names; None stands for all.
Generate = Callable[[Collection[str] | None], Sequence[NamedResource]]

RequestT_contra = TypeVar("RequestT_contra", contravariant=True)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request was: an ACK, a NACK with its reason, or neither; and whether the client waits for a response."""

    nonce: str = ""
    error: str = ""
    wants_response: bool = False
    stale: bool = False  # it answers an older response, so that its names count for nothing


@dataclass(frozen=True, slots=True)
class Reply:
    """A response, and what is remembered of it."""

    type_url: str
    nonce: str
    version: str
    carried: Mapping[str, str]  # name → version of what it carries
    changed: frozenset[str]  # those of them that the client did not have in this version
    removed: tuple[str, ...]
    whole: bool  # it carries all that the client has of this type
    count: int  # resources of this type that the client has afterwards
    message: DiscoveryResponse | DeltaDiscoveryResponse


class Subscription(Protocol[RequestT_contra]):
    """One type of one client; a machine without sockets and clock."""

    @property
    def wanted(self) -> frozenset[str] | None:
        """The names that the client asks for; None for all."""

    @property
    def present(self) -> Collection[str]:
        """The names of what there was of it when it was last looked at."""

    def receive(self, request: RequestT_contra) -> Answer:
        """Takes a request."""

    def respond(self, generate: Generate, again: Collection[str] = ()) -> Reply | None:
        """The next response; None when the client has everything. What is in `again` is sent even if unchanged."""


def named_in(error: str, names: Iterable[str]) -> set[str]:
    """The names that a reason speaks of; a name that only stands inside a longer one is not meant."""
    return {name for name in names if re.search(rf"(?<![\w|.-]){re.escape(name)}(?!\.?[\w|-])", error)}


def content_version(resources: Iterable[NamedResource]) -> str:
    """The version of a set of resources: equal sets have equal versions, whichever control plane sends them."""
    digest = blake2b(digest_size=8)
    for resource in sorted(resources, key=lambda item: item.name):
        digest.update(f"{resource.name}\0{resource.version}\0".encode())
    return digest.hexdigest()
