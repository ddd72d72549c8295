"""The private descriptor pool: Envoy's API from `envoy.binpb`, each file loaded when something in it is first used."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from google.protobuf.descriptor import Descriptor
from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

TYPE_URL_PREFIX = "type.googleapis.com/"
_FILE_FIELD = 0x0A  # FileDescriptorSet.file: field 1, length-delimited
_NAME_FIELD = 0x0A  # FileDescriptorProto.name: field 1, which protoc writes first


class _Files:
    """The descriptor set as protobuf's pool asks for it: file by file.

    The whole API has 770 files and would take 9 MB; what a proxy with HTTP and TCP touches is an eighth of it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._positions: dict[str, tuple[int, int]] = {}
        self._symbols: dict[str, dict[str, str]] = {}  # folder → full name → file
        data = path.read_bytes()
        at = 0
        while at < len(data):
            if data[at] != _FILE_FIELD:
                raise ValueError(f"{path} is not a descriptor set: byte {at}")
            size, at = _read_varint(data, at + 1)
            if data[at] != _NAME_FIELD:
                raise ValueError(f"{path} holds a file without a name: byte {at}")
            length, name_at = _read_varint(data, at + 1)
            self._positions[data[name_at : name_at + length].decode()] = (at, size)
            at += size

    def FindFileByName(self, name: str) -> FileDescriptorProto:
        """The file with this name; KeyError when the set has none."""
        at, size = self._positions[name]
        with self._path.open("rb") as file:
            file.seek(at)
            return FileDescriptorProto.FromString(file.read(size))

    def FindFileContainingSymbol(self, symbol: str) -> FileDescriptorProto:
        """The file that defines a message, enum or extension; KeyError when none does."""
        package = symbol
        while "." in package:
            package = package.rpartition(".")[0]
            # The files of a package lie in the folder of its name, but for a few strangers.
            name = self._symbols_of(package.replace(".", "/") + "/").get(symbol)
            if name is not None:
                return self.FindFileByName(name)
        for name in self._positions:
            file = self.FindFileByName(name)
            if symbol in _symbols_in(file):
                return file
        raise KeyError(symbol)

    def _symbols_of(self, folder: str) -> dict[str, str]:
        known = self._symbols.get(folder)
        if known is None:
            known = self._symbols[folder] = {}
            for name in self._positions:
                if name.startswith(folder) and "/" not in name[len(folder) :]:
                    file = self.FindFileByName(name)
                    known.update((symbol, name) for symbol in _symbols_in(file))
        return known


def _symbols_in(file: FileDescriptorProto) -> Iterator[str]:
    for enum in file.enum_type:
        yield f"{file.package}.{enum.name}"
    for extension in file.extension:
        yield f"{file.package}.{extension.name}"
    for message in file.message_type:
        yield from _symbols_in_message(f"{file.package}.{message.name}", message)


def _symbols_in_message(full_name: str, message: DescriptorProto) -> Iterator[str]:
    yield full_name
    for enum in message.enum_type:
        yield f"{full_name}.{enum.name}"
    for nested in message.nested_type:
        yield from _symbols_in_message(f"{full_name}.{nested.name}", nested)


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
    """All of Envoy's API, apart from protobuf's default pool."""
    return DescriptorPool(_Files(Path(__file__).with_name("envoy.binpb")))


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
