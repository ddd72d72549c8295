"""HTTP filters that are configured and have nothing to do: what each costs a request, headers both ways and the end."""

from collections.abc import Iterator
from random import Random
from typing import Any

from bench.micro.stopwatch import Step
from tulle.protos.messages import HeaderMutation, HTTPFault, HttpRbac, LocalRateLimit
from tulle.protos.messages import HealthCheckFilter as HealthCheck
from tulle.protos.reading import parse_message
from tulle.proxy.headers import Headers
from tulle.proxy.http.filter_api import FilterChain, HttpFilter, TerminalFilter
from tulle.proxy.http.filter_services import FilterServices
from tulle.proxy.http.filters.buffer import build_buffer
from tulle.proxy.http.filters.cors import build_cors
from tulle.proxy.http.filters.fault import build_fault
from tulle.proxy.http.filters.header_mutation import build_header_mutation
from tulle.proxy.http.filters.health_check import build_health_check
from tulle.proxy.http.filters.local_ratelimit import build_local_ratelimit
from tulle.proxy.http.filters.rbac import build_rbac
from tulle.proxy.telemetry.stats import StatsStore

_ALL = {"default_value": {"numerator": 100}}
_CHECK = {"pass_through_mode": False, "headers": [{"name": ":path", "string_match": {"exact": "/healthz"}}]}
_LIMIT = {"stat_prefix": "rl", "token_bucket": {"max_tokens": 1_000_000_000, "fill_interval": "1s"}}
_ADD = {"mutations": {"request_mutations": [{"append": {"header": {"key": "x-a", "value": "b"}}}]}}
_POLICY = {"permissions": [{"url_path": {"path": {"prefix": "/admin"}}}], "principals": [{"any": True}]}


class _Runtime:
    health_failed = False

    def __init__(self) -> None:
        self.random_bits = Random(1).getrandbits


class _Stream:
    """The part of a stream that filters look at."""

    def __init__(self) -> None:
        self.settings: dict[str, object] = {}
        self.notes = None
        self.response = Headers({b":status": b"200"})
        self.request = Headers({b":path": b"/", b":method": b"GET", b":authority": b"a"})
        self.route = None
        self.choice = None
        self.metadata = None


def _run(made: HttpFilter) -> Any:
    made.name = "f"
    chain, stream = FilterChain((made,), TerminalFilter()), _Stream()
    seen: Any = stream

    def pass_by() -> None:
        for each in chain.request_headers:
            each.on_request_headers(seen, True)
        for each in chain.response_headers:
            each.on_response_headers(seen, True)
        for each in chain.observers:
            each.on_stream_end(seen)

    return pass_by


def steps() -> Iterator[Step]:
    """Filters that let the request pass, then some that do what they are for."""
    runtime: Any = _Runtime()
    services = FilterServices(runtime, StatsStore())

    def made(build: Any, message: Any = None, **config: Any) -> Any:
        data = b"" if message is None else parse_message(message, config).SerializeToString()
        return _run(build(data, "http.b.", services))

    yield Step("no filter at all", _run(HttpFilter()))
    yield Step("fault without a fault", made(build_fault, HTTPFault))
    yield Step("cors on a route without a policy", made(build_cors))
    yield Step("header_mutation without a mutation", made(build_header_mutation, HeaderMutation))
    yield Step("rbac without rules", made(build_rbac, HttpRbac))
    yield Step("buffer, for a request without a body", made(build_buffer))
    yield Step("health_check, for another path", made(build_health_check, HealthCheck, **_CHECK))
    yield Step("local_ratelimit that is not enabled", made(build_local_ratelimit, LocalRateLimit, **_LIMIT))
    yield Step(
        "local_ratelimit with a token", made(build_local_ratelimit, LocalRateLimit, **_LIMIT, filter_enabled=_ALL)
    )
    yield Step("header_mutation that adds one", made(build_header_mutation, HeaderMutation, **_ADD))
    rules = {"action": "DENY", "policies": {"p": _POLICY}}
    yield Step("rbac that denies another path", made(build_rbac, HttpRbac, rules=rules))
