"""Permissions and principals of access rules, as tests of a stream (Envoy: rbac/matchers.cc)."""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any, Protocol

from tulle.foundation.errors import FieldProblem
from tulle.protos.messages import (
    Int32Range,
    MetadataMatcher,
    RbacPermission,
    RbacPrincipal,
    TypedExtensionConfig,
    UriTemplateMatchConfig,
)
from tulle.protos.pool import type_url_of
from tulle.proxy.http.filters.value_match import ValueTest, build_value_test
from tulle.proxy.router.conditions import HeaderCondition, build_header_conditions
from tulle.proxy.router.string_match import Test, build_string_test
from tulle.proxy.router.uri_template import BadTemplate, UriTemplate

if TYPE_CHECKING:
    from tulle.proxy.http.stream import Stream

Problems = list[FieldProblem]
_URI_TEMPLATE = type_url_of(UriTemplateMatchConfig)
_ADDRESSES_KEPT = 10_000
_PORTS = 65536
_ROUTE = 1  # MetadataSource


class Rule(Protocol):
    """A test of a stream."""

    def holds(self, stream: "Stream") -> bool:
        """Whether it passes."""


class Always:
    """Holds."""

    __slots__ = ()

    def holds(self, stream: "Stream") -> bool:
        """True."""
        return True


class AllOf:
    """Holds when all do."""

    __slots__ = ("_rules",)

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = tuple(rules)

    def holds(self, stream: "Stream") -> bool:
        """Whether all do."""
        for rule in self._rules:  # noqa: SIM110 -- a generator would cost more than the rules
            if not rule.holds(stream):
                return False
        return True


class AnyOf:
    """Holds when one does."""

    __slots__ = ("_rules",)

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = tuple(rules)

    def holds(self, stream: "Stream") -> bool:
        """Whether one does."""
        for rule in self._rules:  # noqa: SIM110 -- a generator would cost more than the rules
            if rule.holds(stream):
                return True
        return False


class Not:
    """Holds when the other does not."""

    __slots__ = ("_rule",)

    def __init__(self, rule: Rule) -> None:
        self._rule = rule

    def holds(self, stream: "Stream") -> bool:
        """Whether the other does not."""
        return not self._rule.holds(stream)


class HeaderRule:
    """Asks for a header of the request."""

    __slots__ = ("_condition",)

    def __init__(self, condition: HeaderCondition) -> None:
        self._condition = condition

    def holds(self, stream: "Stream") -> bool:
        """Whether the header is as it should be."""
        return self._condition.holds(stream.request)


class PathRule:
    """Asks for the path without query and fragment."""

    __slots__ = ("_test",)

    def __init__(self, test: Test) -> None:
        self._test = test

    def holds(self, stream: "Stream") -> bool:
        """Whether the path is as it should be."""
        path = stream.request.get(b":path")
        if path is None:
            return False
        if b"?" in path or b"#" in path:
            path = path.partition(b"?")[0].partition(b"#")[0]
        return self._test(path)


class AddressRule:
    """Asks for an address in a network; `address_of` takes it from the stream, as text with a port."""

    __slots__ = ("_address_of", "_mask", "_network", "_version")

    def __init__(self, network: str, address_of: "Callable[[Stream], str | None]") -> None:
        parsed = ip_network(network, strict=False)
        self._version = parsed.version
        self._network, self._mask = int(parsed.network_address), int(parsed.netmask)
        self._address_of = address_of

    def holds(self, stream: "Stream") -> bool:
        """Whether the address is in the network; none is in none."""
        address = self._address_of(stream)
        if not address:
            return False
        version, number = _number_of(address.rpartition(":")[0])
        return version == self._version and number & self._mask == self._network


@lru_cache(maxsize=_ADDRESSES_KEPT)
def _number_of(host: str) -> tuple[int, int]:
    try:
        parsed = ip_address(host.strip("[]"))
    except ValueError:
        return 0, 0  # a path
    return parsed.version, int(parsed)


def _source(stream: "Stream") -> str | None:
    return stream.connection.info.remote


def _direct_remote(stream: "Stream") -> str | None:
    return stream.connection.info.direct_remote


def _remote(stream: "Stream") -> str | None:
    return stream.downstream_remote


def _local(stream: "Stream") -> str | None:
    return stream.connection.info.local


class PortRule:
    """Asks for the port that the client went to, in [start, end)."""

    __slots__ = ("_end", "_start")

    def __init__(self, start: int, end: int) -> None:
        self._start = start
        self._end = end

    def holds(self, stream: "Stream") -> bool:
        """Whether the port is one of them."""
        return self._start <= stream.connection.info.local_port < self._end


class ServerNameRule:
    """Asks for the name in the TLS handshake; empty without one."""

    __slots__ = ("_test",)

    def __init__(self, test: Test) -> None:
        self._test = test

    def holds(self, stream: "Stream") -> bool:
        """Whether the name is as it should be."""
        return self._test(stream.connection.info.requested_server_name.encode())


class TemplateRule:
    """Asks for a path by a template."""

    __slots__ = ("_template",)

    def __init__(self, template: UriTemplate) -> None:
        self._template = template

    def holds(self, stream: "Stream") -> bool:
        """Whether the path fits."""
        return self._template.holds(stream.request, stream, 0)


class MetadataRule:
    """Asks for what filters noted of the request, or what the route holds."""

    __slots__ = ("_filter", "_invert", "_of_route", "_path", "_test")

    def __init__(self, proto: MetadataMatcher, test: ValueTest, of_route: bool) -> None:
        self._filter = proto.filter
        self._path = tuple(segment.key for segment in proto.path)
        self._test = test
        self._invert = proto.invert
        self._of_route = of_route

    def holds(self, stream: "Stream") -> bool:
        """Whether the value is as it should be."""
        held: Any
        if self._of_route:
            if stream.route is None:
                return False
            held = stream.route.metadata
        else:
            held = stream.metadata or {}
        value: Any = held.get(self._filter)
        for key in self._path:
            value = value.get(key) if isinstance(value, dict) else None
        return self._test(value) != self._invert


def build_permission(protos: Sequence[RbacPermission], path: str, problems: Problems) -> Rule:
    """The test that one of the permissions fits."""
    return _one_of([_permission(proto, f"{path}[{index}]", problems) for index, proto in enumerate(protos)])


def build_principal(protos: Sequence[RbacPrincipal], path: str, problems: Problems) -> Rule:
    """The test that one of the principals fits."""
    return _one_of([_principal(proto, f"{path}[{index}]", problems) for index, proto in enumerate(protos)])


def _one_of(rules: list[Rule]) -> Rule:
    return rules[0] if len(rules) == 1 else AnyOf(rules)


def _permission(proto: RbacPermission, path: str, problems: Problems) -> Rule:
    kind = proto.WhichOneof("rule")
    where = f"{path}.{kind}"
    if kind in ("and_rules", "or_rules"):
        inner = getattr(proto, kind).rules
        rules = [_permission(each, f"{where}.rules[{index}]", problems) for index, each in enumerate(inner)]
        return AllOf(rules) if kind == "and_rules" else AnyOf(rules)
    if kind == "not_rule":
        return Not(_permission(proto.not_rule, where, problems))
    if kind == "destination_ip":
        return _address(proto.destination_ip, _local, where, problems)
    if kind == "destination_port":
        return PortRule(proto.destination_port, proto.destination_port + 1)
    if kind == "destination_port_range":
        return _ports(proto.destination_port_range, where, problems)
    if kind == "requested_server_name":
        return ServerNameRule(build_string_test(proto.requested_server_name, where, problems))
    if kind == "uri_template":
        return _template(proto.uri_template, where, problems)
    return _of_both(proto, kind, path, problems)


def _principal(proto: RbacPrincipal, path: str, problems: Problems) -> Rule:
    kind = proto.WhichOneof("identifier")
    where = f"{path}.{kind}"
    if kind in ("and_ids", "or_ids"):
        inner = getattr(proto, kind).ids
        rules = [_principal(each, f"{where}.ids[{index}]", problems) for index, each in enumerate(inner)]
        return AllOf(rules) if kind == "and_ids" else AnyOf(rules)
    if kind == "not_id":
        return Not(_principal(proto.not_id, where, problems))
    if kind == "source_ip":
        return _address(proto.source_ip, _source, where, problems)
    if kind == "direct_remote_ip":
        return _address(proto.direct_remote_ip, _direct_remote, where, problems)
    if kind == "remote_ip":
        return _address(proto.remote_ip, _remote, where, problems)
    return _of_both(proto, kind, path, problems)


def _of_both(proto: RbacPermission | RbacPrincipal, kind: str | None, path: str, problems: Problems) -> Rule:
    """What permissions and principals have in common."""
    where = f"{path}.{kind}"
    if kind == "any":
        return Always()
    if kind == "header":
        return HeaderRule(_header(proto, where, problems))
    if kind == "url_path":
        return PathRule(build_string_test(proto.url_path.path, f"{where}.path", problems))
    if kind == "metadata":
        return MetadataRule(
            proto.metadata, build_value_test(proto.metadata.value, f"{where}.value", problems), of_route=False
        )
    if kind == "sourced_metadata":
        matcher = proto.sourced_metadata.metadata_matcher
        test = build_value_test(matcher.value, f"{where}.metadata_matcher.value", problems)
        return MetadataRule(matcher, test, of_route=proto.sourced_metadata.metadata_source == _ROUTE)
    problems.append(FieldProblem(where if kind else path, "this field is not supported" if kind else "must be set"))
    return Always()


def _header(proto: RbacPermission | RbacPrincipal, path: str, problems: Problems) -> HeaderCondition:
    found: Problems = []
    condition = build_header_conditions([proto.header], path, found)[0]
    problems.extend(FieldProblem(each.path.replace(f"{path}[0]", path, 1), each.message) for each in found)
    return condition


def _address(proto: Any, address_of: "Callable[[Stream], str | None]", path: str, problems: Problems) -> Rule:
    longest = 128 if ":" in proto.address_prefix else 32
    try:
        return AddressRule(f"{proto.address_prefix}/{min(proto.prefix_len.value, longest)}", address_of)
    except ValueError as error:
        problems.append(FieldProblem(path, str(error)))
        return Always()


def _ports(proto: Int32Range, path: str, problems: Problems) -> Rule:
    for name in ("start", "end"):
        if not 0 <= getattr(proto, name) <= _PORTS:
            problems.append(FieldProblem(f"{path}.{name}", f"range {name} {getattr(proto, name)} is out of bounds"))
    if proto.start >= proto.end:
        message = f"range start {proto.start} cannot be greater or equal than range end {proto.end}"
        problems.append(FieldProblem(path, message))
    return PortRule(proto.start, proto.end)


def _template(proto: TypedExtensionConfig, path: str, problems: Problems) -> Rule:
    if proto.typed_config.type_url != _URI_TEMPLATE:
        problems.append(FieldProblem(f"{path}.typed_config", f"{proto.typed_config.type_url} is not supported"))
        return Always()
    try:
        return TemplateRule(UriTemplate(UriTemplateMatchConfig.FromString(proto.typed_config.value).path_template))
    except BadTemplate as error:
        problems.append(FieldProblem(f"{path}.typed_config.path_template", str(error)))
        return Always()
