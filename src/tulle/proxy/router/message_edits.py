"""All that a route does to the headers of a request or a response, put together when the route is built."""

from collections.abc import Sequence

from tulle.proxy.headers import Headers
from tulle.proxy.router.header_edits import HeaderEdit
from tulle.proxy.router.rewrites import HostRewrite, PathRewrite, rewrite_path, update_authority
from tulle.proxy.telemetry.stream_info import StreamInfo


class Rewrites:
    """How a route rewrites path and host; `entry_host` is the host that a weighted cluster sets before all else."""

    __slots__ = ("append_forwarded_host", "entry_host", "host", "path")

    def __init__(self) -> None:
        self.path: PathRewrite | None = None
        self.host: HostRewrite | None = None
        self.entry_host: bytes | None = None
        self.append_forwarded_host = False

    def __bool__(self) -> bool:
        return self.path is not None or self.host is not None or self.entry_host is not None


class RequestEdit:
    """Header edits of the levels in Envoy's order, then the new host, then the new path."""

    __slots__ = ("_entry", "_levels", "_rewrites")

    def __init__(self, entry: HeaderEdit | None, levels: Sequence[HeaderEdit], rewrites: Rewrites | None) -> None:
        self._entry = entry
        self._levels = tuple(levels)
        self._rewrites = rewrites

    def apply(self, headers: Headers, info: StreamInfo, keep_original: bool = True) -> None:
        """Changes the request's headers; `keep_original` is off under the router's `suppress_envoy_headers`."""
        rewrites = self._rewrites
        if self._entry is not None:
            self._entry.apply(headers, info)
        if rewrites is not None and rewrites.entry_host is not None:
            headers[b":authority"] = rewrites.entry_host
        for edit in self._levels:
            edit.apply(headers, info)
        if rewrites is None:
            return
        if rewrites.host is not None:
            host = rewrites.host(headers, info)
            if host:
                update_authority(headers, host, rewrites.append_forwarded_host, keep_original)
        if rewrites.path is not None:
            rewrite_path(headers, info, rewrites.path, keep_original)


class ResponseEdit:
    """Header edits of the levels in Envoy's order."""

    __slots__ = ("_levels",)

    def __init__(self, levels: Sequence[HeaderEdit]) -> None:
        self._levels = tuple(levels)

    def apply(self, headers: Headers, info: StreamInfo) -> None:
        """Changes the response's headers; formats read `info.request_headers` and `info.response_headers`."""
        for edit in self._levels:
            edit.apply(headers, info)


class EditStack:
    """The header edits of table, virtual host and route for one side, those that do something."""

    __slots__ = ("_levels", "_most_specific_wins")

    def __init__(self, most_specific_wins: bool, levels: Sequence[HeaderEdit] = ()) -> None:
        self._levels = tuple(levels)  # the least specific first
        self._most_specific_wins = most_specific_wins

    def with_level(self, edit: HeaderEdit | None) -> "EditStack":
        """This stack with a more specific level on top."""
        return self if edit is None else EditStack(self._most_specific_wins, (*self._levels, edit))

    def in_order(self) -> list[HeaderEdit]:
        """The edits as they are applied: what comes last wins, so by default the least specific comes last."""
        return list(self._levels if self._most_specific_wins else self._levels[::-1])

    def request_edit(self, rewrites: Rewrites, entry: HeaderEdit | None = None) -> RequestEdit | None:
        """What happens to requests; None when nothing does. An entry's edit comes before all others."""
        levels = self.in_order()
        if not levels and entry is None and not rewrites:
            return None
        return RequestEdit(entry, levels, rewrites if rewrites else None)

    def response_edit(self, entry: HeaderEdit | None = None) -> ResponseEdit | None:
        """What happens to responses; None when nothing does."""
        levels = self.in_order()
        if entry is not None:
            levels.insert(0, entry)
        return ResponseEdit(levels) if levels else None
