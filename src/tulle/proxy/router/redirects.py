"""Redirects and other answers that a route gives by itself (Envoy: Http::Utility::newUri, router.cc)."""

from collections.abc import Callable

from tulle.foundation.errors import FieldProblem
from tulle.protos.messages import RedirectAction
from tulle.proxy.headers import Headers
from tulle.proxy.router.header_edits import Text, build_text
from tulle.proxy.router.path_rules import PathRule
from tulle.proxy.router.patterns import Substitution
from tulle.proxy.router.rewrites import PathRewrite, prefix_rewrite, rewrite_path, whole_path_rewrite
from tulle.proxy.router.string_match import Problems, build_pattern
from tulle.proxy.telemetry.stream_info import StreamInfo

_STATUS = {
    RedirectAction.MOVED_PERMANENTLY: 301,
    RedirectAction.FOUND: 302,
    RedirectAction.SEE_OTHER: 303,
    RedirectAction.TEMPORARY_REDIRECT: 307,
    RedirectAction.PERMANENT_REDIRECT: 308,
}

Location = Callable[[Headers, StreamInfo], bytes]


class Redirect:
    """An answer that sends the client elsewhere."""

    __slots__ = ("location", "status")

    def __init__(self, status: int, location: bytes) -> None:
        self.status = status
        self.location = location


class RedirectRule:
    """Where a route sends its clients, and with which status."""

    __slots__ = ("_location", "_path_rewrite", "status")

    def __init__(self, status: int, location: Location, path_rewrite: PathRewrite | None = None) -> None:
        self.status = status
        self._location = location
        self._path_rewrite = path_rewrite

    def apply(self, headers: Headers, info: StreamInfo, keep_original: bool = True) -> Redirect:
        """The redirect for a request, whose `:path` is rewritten first, as Envoy's is."""
        if self._path_rewrite is not None:
            rewrite_path(headers, info, self._path_rewrite, keep_original)
        return Redirect(self.status, self._location(headers, info))


def https_location(headers: Headers, info: StreamInfo) -> bytes:
    """The same URL with https: what a virtual host with `require_tls` asks for."""
    return b"https://" + headers.get(b":authority", b"") + headers.get(b":path", b"")


def same_location(headers: Headers, info: StreamInfo) -> bytes:
    """The URL of the request: what Envoy adds to direct responses with status 201 or 3xx."""
    return _absolute(headers.get(b":path", b""), headers.get(b":scheme", b"http"), headers.get(b":authority", b""))


def build_redirect(proto: RedirectAction, rule: PathRule, path: str, problems: Problems) -> RedirectRule:
    """The rule of a RedirectAction; `rule` tells what a prefix rewrite replaces."""
    path_rewrite = _build_path_rewrite(proto, rule, path, problems)
    kind = proto.WhichOneof("path_rewrite_specifier")
    new_path: bytes | Text = b""
    if kind == "path_redirect":
        new_path = proto.path_redirect.encode()
    elif kind == "path_rewrite":
        new_path = build_text(proto.path_rewrite, f"{path}.path_rewrite", problems)
    if proto.response_code not in _STATUS:
        problems.append(FieldProblem(f"{path}.response_code", "is not a redirect"))
    return RedirectRule(_STATUS.get(proto.response_code, 301), _Target(proto, new_path), path_rewrite)


def _build_path_rewrite(proto: RedirectAction, rule: PathRule, path: str, problems: Problems) -> PathRewrite | None:
    if proto.prefix_rewrite:
        return prefix_rewrite(rule, proto.prefix_rewrite.encode())
    if not proto.HasField("regex_rewrite"):
        return None
    pattern = build_pattern(proto.regex_rewrite.pattern, f"{path}.regex_rewrite.pattern", problems, capture=True)
    if pattern is None:
        return None
    return whole_path_rewrite(Substitution(pattern, proto.regex_rewrite.substitution.encode()))


class _Target:
    """The parts of the new URL that a redirect sets; the request's serve for the others."""

    __slots__ = ("_host", "_path", "_port", "_scheme", "_strip_query")

    def __init__(self, proto: RedirectAction, path: bytes | Text) -> None:
        self._scheme = b"https" if proto.https_redirect else proto.scheme_redirect.encode()
        self._host = proto.host_redirect.encode()
        self._port = b":%d" % proto.port_redirect if proto.port_redirect else b""
        self._path = path
        self._strip_query = proto.strip_query

    def __call__(self, headers: Headers, info: StreamInfo) -> bytes:
        scheme = self._scheme or headers.get(b":scheme", b"http")
        host = self._host or _host_of(headers, scheme, self._port)
        return _absolute(self._path_for(headers, info), scheme, host + self._port)

    def _path_for(self, headers: Headers, info: StreamInfo) -> bytes:
        target = headers.get(b":path", b"")
        path = self._path if isinstance(self._path, bytes) else self._path(info)
        if b"?" in path:
            return path  # a query of its own stays, whatever strip_query says
        if path:
            _, mark, query = target.partition(b"?")
            target = path + mark + query
        return target.partition(b"?")[0] if self._strip_query else target


def _host_of(headers: Headers, scheme: bytes, new_port: bytes) -> bytes:
    """The request's host; its port goes when another comes, or when it was the default of the scheme left behind."""
    host = headers.get(b":authority", b"")
    at = host.rfind(b"]:") + 1 if host.startswith(b"[") else host.rfind(b":")
    if at < 0 or (at == 0 and host.startswith(b"[")):
        return host
    port = host[at:]
    came_by = headers.get(b"x-forwarded-proto", b"")
    drop = bool(new_port)
    if scheme != came_by:
        drop = drop or (came_by == b"https" and port == b":443") or (came_by == b"http" and port == b":80")
    return host[:at] if drop else host


def _absolute(path: bytes, scheme: bytes, host: bytes) -> bytes:
    slash = b"" if path.startswith(b"/") else b"/"
    return b"%s://%s%s%s" % (scheme, host, slash, path)
