"""The hash that makes requests of one kind go to one host (source/common/http/hash_policy.cc)."""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from xxhash import xxh64_intdigest

from tulle.foundation.errors import FieldProblem
from tulle.protos.messages import RouteAction
from tulle.proxy.headers import Headers
from tulle.proxy.router.inline_headers import OF_REQUESTS, one_line
from tulle.proxy.router.patterns import Substitution
from tulle.proxy.router.request_parts import cookie, query_parameters
from tulle.proxy.router.string_match import Problems, build_pattern
from tulle.proxy.telemetry.stream_info import StreamInfo

_MASK = (1 << 64) - 1


class CookieWanted:
    """A cookie that a hash policy wants the client to have."""

    __slots__ = ("attributes", "name", "path", "ttl_s")

    def __init__(self, name: bytes, path: bytes, ttl_s: int, attributes: Sequence[tuple[bytes, bytes]]) -> None:
        self.name = name
        self.path = path
        self.ttl_s = ttl_s  # 0: until the browser is closed
        self.attributes = tuple(attributes)


# Makes the value of a wanted cookie, and sees to it that the response sets it.
MakeCookie = Callable[[CookieWanted], bytes]


class _Method(Protocol):
    """One source of a hash."""

    def hash_of(self, headers: Headers, info: StreamInfo, make_cookie: MakeCookie | None) -> int | None: ...


class _HeaderHash:
    __slots__ = ("_joined", "_name", "_substitution")

    def __init__(self, name: bytes, substitution: Substitution | None) -> None:
        self._name = name
        self._joined = name in OF_REQUESTS
        self._substitution = substitution

    def hash_of(self, headers: Headers, info: StreamInfo, make_cookie: MakeCookie | None) -> int | None:
        values = headers.values_of(self._name)
        if not values:
            return None
        if self._joined:
            values = [one_line(values)]
        if self._substitution is not None:
            values = [self._substitution.apply(value) for value in values]
        result = 0
        for value in sorted(values):  # the order of the lines must not matter
            result = xxh64_intdigest(value, seed=result)
        return result


class _CookieHash:
    __slots__ = ("_name", "_wanted")

    def __init__(self, name: bytes, wanted: CookieWanted | None) -> None:
        self._name = name
        self._wanted = wanted

    def hash_of(self, headers: Headers, info: StreamInfo, make_cookie: MakeCookie | None) -> int | None:
        value = cookie(headers, self._name)
        if not value and self._wanted is not None and make_cookie is not None:
            value = make_cookie(self._wanted)
        return xxh64_intdigest(value) if value else None


class _SourceIpHash:
    __slots__ = ()

    def hash_of(self, headers: Headers, info: StreamInfo, make_cookie: MakeCookie | None) -> int | None:
        host, colon, _ = (info.downstream_remote or "").rpartition(":")
        address = host.strip("[]")
        return xxh64_intdigest(address.encode()) if colon and address else None


class _QueryHash:
    __slots__ = ("_name",)

    def __init__(self, name: bytes) -> None:
        self._name = name

    def hash_of(self, headers: Headers, info: StreamInfo, make_cookie: MakeCookie | None) -> int | None:
        value = query_parameters(headers.get(b":path", b"")).get(self._name)
        return None if value is None else xxh64_intdigest(value)


class HashPolicies:
    """The hash policies of one route, in their order."""

    __slots__ = ("_methods",)

    def __init__(self, methods: Iterable[tuple[_Method, bool]]) -> None:
        self._methods = tuple(methods)

    def hash_of(self, headers: Headers, info: StreamInfo, make_cookie: MakeCookie | None = None) -> int | None:
        """64 bits, or None when no policy applies; a cookie that is wanted and missing is asked of `make_cookie`."""
        result: int | None = None
        for method, terminal in self._methods:
            found = method.hash_of(headers, info, make_cookie)
            if found is not None:
                # The rotation keeps equal policies from undoing each other.
                result = found if result is None else (((result << 1) & _MASK) | (result >> 63)) ^ found
            if terminal and result is not None:
                break
        return result


def build_hash_policies(protos: Sequence[RouteAction.HashPolicy], path: str, problems: Problems) -> HashPolicies | None:
    """The policies of a route; None when it has none."""
    methods: list[tuple[_Method, bool]] = []
    for index, proto in enumerate(protos):
        method = _build_method(proto, f"{path}[{index}]", problems)
        if method is not None:
            methods.append((method, proto.terminal))
    return HashPolicies(methods) if methods else None


def _build_method(proto: RouteAction.HashPolicy, path: str, problems: Problems) -> _Method | None:
    kind = proto.WhichOneof("policy_specifier")
    if kind == "header":
        return _build_header_hash(proto.header, f"{path}.header", problems)
    if kind == "cookie":
        return _build_cookie_hash(proto.cookie)
    if kind == "query_parameter":
        return _QueryHash(proto.query_parameter.name.encode())
    if kind == "connection_properties":
        return _SourceIpHash() if proto.connection_properties.source_ip else None
    message = "one of the fields of policy_specifier must be set" if kind is None else "this field is not supported"
    problems.append(FieldProblem(f"{path}.{kind}" if kind else path, message))
    return None


def _build_header_hash(proto: RouteAction.HashPolicy.Header, path: str, problems: Problems) -> _HeaderHash:
    name = proto.header_name.lower().encode()
    substitution: Substitution | None = None
    if proto.HasField("regex_rewrite"):
        pattern = build_pattern(proto.regex_rewrite.pattern, f"{path}.regex_rewrite.pattern", problems, capture=True)
        if pattern is not None:
            substitution = Substitution(pattern, proto.regex_rewrite.substitution.encode())
    return _HeaderHash(b":authority" if name == b"host" else name, substitution)


def _build_cookie_hash(proto: RouteAction.HashPolicy.Cookie) -> _CookieHash:
    name = proto.name.encode()
    if not proto.HasField("ttl"):
        return _CookieHash(name, None)
    attributes = [(attribute.name.encode(), attribute.value.encode()) for attribute in proto.attributes]
    return _CookieHash(name, CookieWanted(name, proto.path.encode(), proto.ttl.seconds, attributes))
