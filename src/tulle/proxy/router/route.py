"""A route as the hot path reads it: built once, plain attributes."""

from collections.abc import Mapping

from tulle.proxy.headers import Headers
from tulle.proxy.router.cluster_choice import ClusterChoice, ClusterPicker
from tulle.proxy.router.conditions import HeaderCondition
from tulle.proxy.router.direct_response import DirectResponse
from tulle.proxy.router.filter_configs import NO_SETTINGS, FilterSettings
from tulle.proxy.router.hash_policy import HashPolicies, MakeCookie
from tulle.proxy.router.message_edits import RequestEdit, ResponseEdit
from tulle.proxy.router.redirects import Redirect, RedirectRule
from tulle.proxy.router.retry_policy import RetryPolicy
from tulle.proxy.router.side_policies import InternalRedirects, MirrorPolicy
from tulle.proxy.telemetry.stream_info import StreamInfo

FORWARD = 0
REDIRECT = 1
DIRECT_RESPONSE = 2
NON_FORWARDING = 3

DEFAULT_TIMEOUT_S = 15.0  # Envoy: RouteAction.timeout


class VirtualClusters:
    """Names for groups of requests to one virtual host, in their order."""

    __slots__ = ("_entries",)

    def __init__(self, entries: tuple[tuple[str, tuple[HeaderCondition, ...]], ...]) -> None:
        self._entries = entries

    def name_of(self, headers: Headers) -> str | None:
        """The name of the first group that the request belongs to; None: stats count it as `other`, logs say `-`."""
        for name, conditions in self._entries:
            if all(condition.holds(headers) for condition in conditions):
                return name
        return None


class VirtualHostFacts:
    """What the routes of one virtual host have in common."""

    __slots__ = ("include_attempt_count", "include_attempt_count_in_response", "metadata", "name", "virtual_clusters")

    def __init__(self, name: str) -> None:
        self.name = name
        self.virtual_clusters: VirtualClusters | None = None
        self.include_attempt_count = False
        self.include_attempt_count_in_response = False
        self.metadata: Mapping[str, object] = {}


class Route:
    """What becomes of the requests that match; attributes are for reading only."""

    __slots__ = (
        "append_x_forwarded_host",
        "auto_host_rewrite",
        "cluster",
        "cluster_not_found_status",
        "cluster_picker",
        "decorator_operation",
        "direct_response",
        "hash_policies",
        "hedge_on_per_try_timeout",
        "idle_timeout_s",
        "internal_redirects",
        "kind",
        "max_stream_duration_s",
        "metadata",
        "metadata_match",
        "mirror_policies",
        "name",
        "priority",
        "redirect_rule",
        "request_edit",
        "response_edit",
        "retry_policy",
        "settings",
        "stat_prefix",
        "timeout_s",
        "upgrades",
        "virtual_host",
    )

    def __init__(self, name: str, virtual_host: VirtualHostFacts) -> None:
        self.name = name
        self.virtual_host = virtual_host
        self.stat_prefix = ""
        self.kind = FORWARD
        self.timeout_s = DEFAULT_TIMEOUT_S  # 0: none
        self.idle_timeout_s: float | None = None  # None: the connection manager's; 0: none
        self.max_stream_duration_s: float | None = None  # None: the connection manager's; 0: none
        self.priority = 0
        self.cluster_not_found_status = 503
        self.retry_policy: RetryPolicy | None = None
        self.settings: FilterSettings = NO_SETTINGS
        self.metadata: Mapping[str, object] = {}
        self.metadata_match: Mapping[str, object] | None = None
        self.upgrades: Mapping[str, bool] = {}
        self.auto_host_rewrite = False
        self.append_x_forwarded_host = False
        self.hash_policies: HashPolicies | None = None
        self.mirror_policies: tuple[MirrorPolicy, ...] = ()
        self.internal_redirects: InternalRedirects | None = None
        self.hedge_on_per_try_timeout = False
        self.cluster: ClusterChoice | None = None
        self.cluster_picker: ClusterPicker | None = None
        self.redirect_rule: RedirectRule | None = None
        self.direct_response: DirectResponse | None = None
        self.request_edit: RequestEdit | None = None
        self.response_edit: ResponseEdit | None = None
        self.decorator_operation = ""

    @property
    def virtual_host_name(self) -> str:
        """The name of the virtual host that the route belongs to."""
        return self.virtual_host.name

    @property
    def include_attempt_count(self) -> bool:
        """Whether requests carry `x-envoy-attempt-count`."""
        return self.virtual_host.include_attempt_count

    @property
    def per_filter(self) -> Mapping[str, object]:
        """Built settings by filter name; those of a weighted cluster's entry are in its ClusterChoice."""
        return self.settings.configs

    @property
    def disabled_filters(self) -> Mapping[str, bool]:
        """Filters that are switched off (True) or on (False) here, whatever the connection manager says."""
        return self.settings.disabled

    def pick_cluster(self, headers: Headers, random_value: int) -> ClusterChoice | None:
        """The cluster for a request; None when the header that should name it is missing."""
        if self.cluster is not None:
            return self.cluster
        if self.cluster_picker is not None:
            return self.cluster_picker.pick(headers, random_value)
        return None

    def redirect(self, headers: Headers, info: StreamInfo, keep_original: bool = True) -> Redirect | None:
        """Where the request is sent, for a REDIRECT; `:path` is rewritten on the way, as Envoy does for its log."""
        rule = self.redirect_rule
        return None if rule is None else rule.apply(headers, info, keep_original)

    def virtual_cluster(self, headers: Headers) -> str | None:
        """The virtual cluster of a request; None when none fits or the virtual host has none."""
        clusters = self.virtual_host.virtual_clusters
        return None if clusters is None else clusters.name_of(headers)

    def hash_of(self, headers: Headers, info: StreamInfo, make_cookie: MakeCookie | None = None) -> int | None:
        """What a hashing load balancer goes by; None when no hash policy applies."""
        policies = self.hash_policies
        return None if policies is None else policies.hash_of(headers, info, make_cookie)
