"""What the two variants of the discovery protocol have in common."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from google.protobuf.message import Message

from tulle.protos import type_urls

# Types whose first request without names means "everything".
WILDCARD_TYPES = frozenset({type_urls.CLUSTER, type_urls.LISTENER})

NACK_CODE = 13  # google.rpc.Code.INTERNAL, which Envoy puts into error_detail


@dataclass(frozen=True, slots=True)
class ReceivedResource:
    """One resource as it came: `name` is empty where the protocol does not give it (SotW)."""

    name: str
    version: str
    type_url: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Received:
    """One response. `whole`: what it does not hold no longer exists."""

    type_url: str
    version: str
    nonce: str
    resources: tuple[ReceivedResource, ...] = ()
    removed: tuple[str, ...] = ()
    whole: bool = False


class Machine(Protocol):
    """One client's side of one ADS conversation; it outlives the streams that carry it.

    Every method that returns requests returns those that must be sent now, in order.
    """

    method: str  # gRPC path
    response_type: type[Message]

    def open(self) -> Sequence[Message]:
        """A new stream is there: everything that was subscribed is asked for again."""

    def close(self) -> None:
        """The stream is gone."""

    def subscribe(self, type_url: str, names: Collection[str] | None) -> Sequence[Message]:
        """From now on exactly these names are wanted; None means all, for the types that allow it."""

    def receive(self, response: Message) -> Received | None:
        """What a response holds; None when nobody asked for its type."""

    def ack(self, received: Received) -> Sequence[Message]:
        """The response was taken over."""

    def nack(self, received: Received, error: str) -> Sequence[Message]:
        """The response was not, or not wholly, taken over."""
