"""New paths and hosts for requests (source/common/router/config_impl.cc, finalizeRequestHeaders)."""

from collections.abc import Callable

from tulle.proxy.headers import Headers
from tulle.proxy.router.header_edits import Text
from tulle.proxy.router.inline_headers import one_line
from tulle.proxy.router.path_rules import PathRule
from tulle.proxy.router.patterns import Substitution
from tulle.proxy.router.request_parts import path_of
from tulle.proxy.router.uri_template import TemplateRewrite
from tulle.proxy.telemetry.stream_info import StreamInfo

# (target with query, headers' facts) → new target; None leaves the target as it is
PathRewrite = Callable[[bytes, StreamInfo], bytes | None]
# The new host; empty or None leaves the host as it is.
HostRewrite = Callable[[Headers, StreamInfo], bytes | None]


def prefix_rewrite(rule: PathRule, replacement: bytes) -> PathRewrite:
    """Puts the replacement in the place of what the route matched; the rest of the path and the query stay."""
    if rule.matched is None:
        return lambda target, info: replacement + target[len(path_of(target)) :]
    size = len(rule.matched)
    return lambda target, info: replacement + target[size:]


def whole_path_rewrite(rewrite: Substitution | TemplateRewrite) -> PathRewrite:
    """Makes a new path of the whole path; the query stays, and an empty path changes nothing."""

    def apply(target: bytes, info: StreamInfo) -> bytes | None:
        path = path_of(target)
        changed = rewrite.apply(path)
        return changed + target[len(path) :] if changed else None

    return apply


def formatted_path_rewrite(text: bytes | Text) -> PathRewrite:
    """A path made of the request's facts; the query stays, and empty text changes nothing."""

    def apply(target: bytes, info: StreamInfo) -> bytes | None:
        path = text if isinstance(text, bytes) else text(info)
        return path + target[len(path_of(target)) :] if path else None

    return apply


def rewrite_path(headers: Headers, info: StreamInfo, rewrite: PathRewrite, keep_original: bool) -> None:
    """Sets `:path`, and `x-envoy-original-path` to what it was."""
    target = headers.get(b":path", b"")
    changed = rewrite(target, info)
    if changed is None:
        return
    if keep_original:
        headers.set(b"x-envoy-original-path", target)
    headers[b":path"] = changed


def literal_host(host: bytes) -> HostRewrite:
    """Always the same host."""
    return lambda headers, info: host


def host_from_header(name: bytes) -> HostRewrite:
    """The first value of a header."""
    return lambda headers, info: headers.get(name)


def host_from_path(substitution: Substitution) -> HostRewrite:
    """What a substitution makes of the path."""
    return lambda headers, info: substitution.apply(path_of(headers.get(b":path", b"")))


def formatted_host(text: bytes | Text) -> HostRewrite:
    """A host made of the request's facts."""
    if isinstance(text, bytes):
        return literal_host(text)
    return lambda headers, info: text(info)


def update_authority(headers: Headers, host: bytes, append_forwarded_host: bool, keep_original: bool = True) -> None:
    """Sets `:authority`; what it was goes to `x-envoy-original-host`, and to `x-forwarded-host` when that is wanted."""
    old = headers.get(b":authority", b"")
    if append_forwarded_host and old:
        forwarded = one_line(headers.values_of(b"x-forwarded-host"))
        if not forwarded:
            headers.set(b"x-forwarded-host", old)
        elif forwarded.rpartition(b",")[2] != old:
            headers.set(b"x-forwarded-host", forwarded + b"," + old)
    if keep_original:
        headers.set(b"x-envoy-original-host", old)
    headers[b":authority"] = host
