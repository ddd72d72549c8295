"""What else may happen to a forwarded request: copies to other clusters, redirects that the proxy follows, hedging."""

from collections.abc import Sequence

from tulle.foundation.errors import FieldProblem
from tulle.protos.messages import FractionalPercent, HedgePolicy, InternalRedirectPolicy, RouteAction
from tulle.proxy.headers import Headers
from tulle.proxy.router.conditions import FractionCondition
from tulle.proxy.router.string_match import Problems

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ALWAYS = FractionalPercent(numerator=100)


class MirrorPolicy:
    """A cluster that gets a copy of a share of the requests; its answers are thrown away."""

    __slots__ = ("_cluster", "_fraction", "_header", "appends_shadow", "host")

    def __init__(self, cluster: str, header: bytes, fraction: FractionCondition) -> None:
        self._cluster = cluster
        self._header = header
        self._fraction = fraction
        self.appends_shadow = True  # the host gets the suffix `-shadow`
        self.host = b""  # the host of copies, when it is not the request's

    def hits(self, random_value: int) -> bool:
        """Whether a request with this random value is copied."""
        return self._fraction.hits(random_value)

    def cluster_for(self, headers: Headers) -> str | None:
        """Where the copy goes; None when the header that should name the cluster is missing."""
        if self._cluster:
            return self._cluster
        value = headers.get(self._header)
        return value.decode("utf-8", "surrogateescape") if value else None


class InternalRedirects:
    """Which redirects from upstream the proxy follows itself."""

    __slots__ = ("allows_other_scheme", "headers_to_copy", "most", "statuses")

    def __init__(self, proto: InternalRedirectPolicy) -> None:
        self.most = proto.max_internal_redirects.value if proto.HasField("max_internal_redirects") else 1
        # Envoy passes over statuses that are no redirects.
        self.statuses = _REDIRECTS.intersection(proto.redirect_response_codes or (302,))
        self.allows_other_scheme = proto.allow_cross_scheme_redirect
        self.headers_to_copy = tuple(name.lower().encode() for name in proto.response_headers_to_copy)


def build_mirror_policies(
    protos: Sequence[RouteAction.RequestMirrorPolicy], path: str, problems: Problems
) -> tuple[MirrorPolicy, ...]:
    """The mirror policies of one level; a level without any has those of the level around it."""
    policies: list[MirrorPolicy] = []
    for index, proto in enumerate(protos):
        where = f"{path}[{index}]"
        if bool(proto.cluster) == bool(proto.cluster_header):
            problems.append(FieldProblem(where, "exactly one of cluster and cluster_header must be set"))
        if proto.request_headers_mutations:
            problems.append(FieldProblem(f"{where}.request_headers_mutations", "this field is not supported"))
        share = proto.runtime_fraction.default_value if proto.HasField("runtime_fraction") else _ALWAYS
        policy = MirrorPolicy(proto.cluster, proto.cluster_header.lower().encode(), FractionCondition(share))
        policy.appends_shadow = not proto.disable_shadow_host_suffix_append
        policy.host = proto.host_rewrite_literal.encode()
        policies.append(policy)
    return tuple(policies)


def build_internal_redirects(proto: InternalRedirectPolicy, path: str, problems: Problems) -> InternalRedirects:
    """What an InternalRedirectPolicy says, but for its predicates, which are not supported."""
    if proto.predicates:
        problems.append(FieldProblem(f"{path}.predicates", "this field is not supported"))
    for index, name in enumerate(proto.response_headers_to_copy):
        if name.startswith(":") or name.lower() == "host":
            where = f"{path}.response_headers_to_copy[{index}]"
            problems.append(FieldProblem(where, ":-prefixed headers or Hosts may not be specified here"))
    return InternalRedirects(proto)


def hedges_on_timeout(proto: HedgePolicy) -> bool:
    """Whether a try that takes too long is raced by another; Envoy acts on no other field of a HedgePolicy."""
    return proto.hedge_on_per_try_timeout
