from tulle.protos.stubs.envoy.config.core.v3 import base_pb2 as _base_pb2
from tulle.protos.stubs.udpa.annotations import status_pb2 as _status_pb2
from tulle.protos.stubs.udpa.annotations import versioning_pb2 as _versioning_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Config(_message.Message):
    __slots__ = ("response",)
    RESPONSE_FIELD_NUMBER: _ClassVar[int]
    response: _base_pb2.DataSource
    def __init__(self, response: _Optional[_Union[_base_pb2.DataSource, _Mapping]] = ...) -> None: ...
