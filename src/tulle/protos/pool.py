"""The private descriptor pool: Envoy's API from `envoy.binpb`, loaded once, on first use."""

from functools import cache
from importlib.resources import files

from google.protobuf.descriptor import Descriptor
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

TYPE_URL_PREFIX = "type.googleapis.com/"
_FILE_FIELD = 0x0A  # FileDescriptorSet.file: field 1, length-delimited


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    """The varint at `at` and the position behind it."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


@cache
def pool() -> DescriptorPool:
    """All of Envoy's API; files stand in the set in the order of their imports, so one pass loads them."""
    data = (files(__package__) / "envoy.binpb").read_bytes()
    loaded = DescriptorPool()
    at = 0
    while at < len(data):
        if data[at] != _FILE_FIELD:
            raise ValueError(f"envoy.binpb is not a descriptor set: byte {at}")
        size, at = _read_varint(data, at + 1)
        loaded.AddSerializedFile(data[at : at + size])
        at += size
    return loaded


@cache
def message_class(full_name: str) -> type[Message]:
    """The class of the message with this full name; `KeyError` when the API has none."""
    descriptor: Descriptor = pool().FindMessageTypeByName(full_name)
    return GetMessageClass(descriptor)


def descriptor_of(message: type[Message] | Message) -> Descriptor:
    """The descriptor of a message of the pool."""
    found: Descriptor = pool().FindMessageTypeByName(message.DESCRIPTOR.full_name)
    return found


def class_of_type_url(type_url: str) -> type[Message]:
    """The class that an `Any` with this type URL holds; `KeyError` when the API has none."""
    return message_class(type_url.rpartition("/")[2])


def type_url_of(message: type[Message] | Message) -> str:
    """The type URL under which an `Any` carries this message."""
    return TYPE_URL_PREFIX + message.DESCRIPTOR.full_name
