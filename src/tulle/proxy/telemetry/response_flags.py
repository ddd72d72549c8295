"""Why a request did not go the straight way: Envoy's response flags, as bits that one int holds."""


class ResponseFlag:
    """One bit a reason; combine them with `|`."""

    DOWNSTREAM_CONNECTION_TERMINATION = 1 << 0
    LOCAL_HEALTH_CHECK_FAILED = 1 << 1
    NO_HEALTHY_UPSTREAM = 1 << 2
    UPSTREAM_REQUEST_TIMEOUT = 1 << 3
    LOCAL_RESET = 1 << 4
    UPSTREAM_REMOTE_RESET = 1 << 5
    UPSTREAM_CONNECTION_FAILURE = 1 << 6
    UPSTREAM_CONNECTION_TERMINATION = 1 << 7
    UPSTREAM_OVERFLOW = 1 << 8
    NO_ROUTE_FOUND = 1 << 9
    DELAY_INJECTED = 1 << 10
    FAULT_INJECTED = 1 << 11
    RATE_LIMITED = 1 << 12
    UNAUTHORIZED_EXTERNAL_SERVICE = 1 << 13
    RATE_LIMIT_SERVICE_ERROR = 1 << 14
    INVALID_ENVOY_REQUEST_HEADERS = 1 << 15
    STREAM_IDLE_TIMEOUT = 1 << 16
    DOWNSTREAM_PROTOCOL_ERROR = 1 << 17
    UPSTREAM_PROTOCOL_ERROR = 1 << 18
    UPSTREAM_MAX_STREAM_DURATION_REACHED = 1 << 19
    UPSTREAM_RETRY_LIMIT_EXCEEDED = 1 << 20
    RESPONSE_FROM_CACHE_FILTER = 1 << 21
    NO_FILTER_CONFIG_FOUND = 1 << 22
    DURATION_TIMEOUT = 1 << 23
    OVERLOAD_MANAGER = 1 << 24
    DNS_RESOLUTION_FAILED = 1 << 25
    DROP_OVERLOAD = 1 << 26
    DOWNSTREAM_REMOTE_RESET = 1 << 27
    UNCONDITIONAL_DROP_OVERLOAD = 1 << 28
    NO_CLUSTER_FOUND = 1 << 29
    CONNECT_ATTEMPTS_EXCEEDED = 1 << 30  # URX of a TCP connection


# Envoy prints them in the order in which they are set: for requests the end of the retries before why the last one
# failed, for TCP connections behind it.
FLAGS: tuple[tuple[int, str, str], ...] = (
    (ResponseFlag.UPSTREAM_RETRY_LIMIT_EXCEEDED, "URX", "UpstreamRetryLimitExceeded"),
    (ResponseFlag.LOCAL_HEALTH_CHECK_FAILED, "LH", "FailedLocalHealthCheck"),
    (ResponseFlag.NO_HEALTHY_UPSTREAM, "UH", "NoHealthyUpstream"),
    (ResponseFlag.UPSTREAM_REQUEST_TIMEOUT, "UT", "UpstreamRequestTimeout"),
    (ResponseFlag.LOCAL_RESET, "LR", "LocalReset"),
    (ResponseFlag.UPSTREAM_REMOTE_RESET, "UR", "UpstreamRemoteReset"),
    (ResponseFlag.UPSTREAM_CONNECTION_FAILURE, "UF", "UpstreamConnectionFailure"),
    (ResponseFlag.UPSTREAM_CONNECTION_TERMINATION, "UC", "UpstreamConnectionTermination"),
    (ResponseFlag.UPSTREAM_OVERFLOW, "UO", "UpstreamOverflow"),
    (ResponseFlag.NO_ROUTE_FOUND, "NR", "NoRouteFound"),
    (ResponseFlag.DELAY_INJECTED, "DI", "DelayInjected"),
    (ResponseFlag.FAULT_INJECTED, "FI", "FaultInjected"),
    (ResponseFlag.RATE_LIMITED, "RL", "RateLimited"),
    (ResponseFlag.UNAUTHORIZED_EXTERNAL_SERVICE, "UAEX", "UnauthorizedExternalService"),
    (ResponseFlag.RATE_LIMIT_SERVICE_ERROR, "RLSE", "RateLimitServiceError"),
    (ResponseFlag.DOWNSTREAM_CONNECTION_TERMINATION, "DC", "DownstreamConnectionTermination"),
    (ResponseFlag.CONNECT_ATTEMPTS_EXCEEDED, "URX", "UpstreamRetryLimitExceeded"),
    (ResponseFlag.STREAM_IDLE_TIMEOUT, "SI", "StreamIdleTimeout"),
    (ResponseFlag.INVALID_ENVOY_REQUEST_HEADERS, "IH", "InvalidEnvoyRequestHeaders"),
    (ResponseFlag.DOWNSTREAM_PROTOCOL_ERROR, "DPE", "DownstreamProtocolError"),
    (ResponseFlag.UPSTREAM_PROTOCOL_ERROR, "UPE", "UpstreamProtocolError"),
    (ResponseFlag.UPSTREAM_MAX_STREAM_DURATION_REACHED, "UMSDR", "UpstreamMaxStreamDurationReached"),
    (ResponseFlag.RESPONSE_FROM_CACHE_FILTER, "RFCF", "ResponseFromCacheFilter"),
    (ResponseFlag.NO_FILTER_CONFIG_FOUND, "NFCF", "NoFilterConfigFound"),
    (ResponseFlag.DURATION_TIMEOUT, "DT", "DurationTimeout"),
    (ResponseFlag.NO_CLUSTER_FOUND, "NC", "NoClusterFound"),
    (ResponseFlag.OVERLOAD_MANAGER, "OM", "OverloadManagerTerminated"),
    (ResponseFlag.DNS_RESOLUTION_FAILED, "DF", "DnsResolutionFailed"),
    (ResponseFlag.DROP_OVERLOAD, "DO", "DropOverload"),
    (ResponseFlag.DOWNSTREAM_REMOTE_RESET, "DR", "DownstreamRemoteReset"),
    (ResponseFlag.UNCONDITIONAL_DROP_OVERLOAD, "UDO", "UnconditionalDropOverload"),
)

BY_SHORT_NAME: dict[str, int] = {}
for _bit, _short, _ in FLAGS:
    BY_SHORT_NAME[_short] = BY_SHORT_NAME.get(_short, 0) | _bit


def short_names(flags: int) -> str:
    """`UF,URX`; `-` when no flag is set."""
    if not flags:
        return "-"
    return ",".join(short for bit, short, _ in FLAGS if flags & bit) or "-"


def long_names(flags: int) -> str:
    """`UpstreamConnectionFailure,UpstreamRetryLimitExceeded`; `-` when no flag is set."""
    if not flags:
        return "-"
    return ",".join(name for bit, _, name in FLAGS if flags & bit) or "-"
