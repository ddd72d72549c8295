"""What one level of a route configuration adds to the levels around it: header edits and filters' settings."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from google.protobuf.any_pb2 import Any

from tulle.protos.messages import HeaderValueOption
from tulle.proxy.router.filter_configs import NO_SETTINGS, FilterConfigs, FilterSettings, build_filter_settings
from tulle.proxy.router.header_edits import HeaderEdit, HeaderLists, build_header_edit
from tulle.proxy.router.inline_headers import OF_REQUESTS, OF_RESPONSES
from tulle.proxy.router.message_edits import EditStack
from tulle.proxy.router.string_match import Problems


class LevelProto(Protocol):
    """The fields that a table, a virtual host, a route and a weighted cluster have in common."""

    @property
    def request_headers_to_add(self) -> Sequence[HeaderValueOption]: ...
    @property
    def request_headers_to_remove(self) -> Sequence[str]: ...
    @property
    def response_headers_to_add(self) -> Sequence[HeaderValueOption]: ...
    @property
    def response_headers_to_remove(self) -> Sequence[str]: ...
    @property
    def typed_per_filter_config(self) -> Mapping[str, Any]: ...


class Level:
    """The edits and settings of a level and of all less specific ones."""

    __slots__ = ("request", "response", "settings")

    def __init__(self, request: EditStack, response: EditStack, settings: FilterSettings) -> None:
        self.request = request
        self.response = response
        self.settings = settings

    @classmethod
    def bottom(cls, most_specific_wins: bool) -> "Level":
        """The level below the table's, which does nothing."""
        return cls(EditStack(most_specific_wins), EditStack(most_specific_wins), NO_SETTINGS)

    def over(self, proto: LevelProto, filters: FilterConfigs, path: str, problems: Problems) -> "Level":
        """This level with a more specific one on top; `path` ends with a dot when it is not empty."""
        own = build_filter_settings(proto.typed_per_filter_config, filters, f"{path}typed_per_filter_config", problems)
        return Level(
            self.request.with_level(request_edit_of(proto, path, problems)),
            self.response.with_level(response_edit_of(proto, path, problems)),
            own.over(self.settings),
        )


def request_edit_of(proto: LevelProto, path: str, problems: Problems) -> HeaderEdit | None:
    """What a level alone does to request headers; None when it does nothing."""
    lists = HeaderLists("request", proto.request_headers_to_add, proto.request_headers_to_remove, OF_REQUESTS)
    return build_header_edit(lists, path, problems)


def response_edit_of(proto: LevelProto, path: str, problems: Problems) -> HeaderEdit | None:
    """What a level alone does to response headers; None when it does nothing."""
    lists = HeaderLists("response", proto.response_headers_to_add, proto.response_headers_to_remove, OF_RESPONSES)
    return build_header_edit(lists, path, problems)
