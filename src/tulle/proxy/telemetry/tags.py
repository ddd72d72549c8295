"""From a stat's full name to its name without variable parts, and those parts as tags (Envoy: well_known_names.cc)."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from tulle.protos.messages import StatsConfig


class Rule(NamedTuple):
    """Group 1 of the pattern is cut out of the name, group 2 is the tag's value."""

    tag: str
    pattern: re.Pattern[str]
    needs: str = ""  # a part that the name must have: cheaper than the pattern


def _rule(tag: str, pattern: str, needs: str = "") -> Rule:
    return Rule(f"envoy.{tag}", re.compile(pattern), needs)


_ADDRESS = r"[_.0-9]*|[_\[\]a-fA-F0-9]*"

# In Envoy's order, which is also that of the labels.
DEFAULT_RULES: tuple[Rule, ...] = (
    _rule("response_code", r"_rq(_(\d{3}))$", "_rq_"),
    _rule("response_code_class", r"_rq_((\d))xx$", "_rq_"),
    _rule(
        "worker_id",
        r"^(?:listener_manager|server|thread_local_cluster_manager|listener\..*)\.worker(_(\d+))\.",
        ".worker_",
    ),
    _rule("http_user_agent", r"^http\..*\.user_agent\.((.+?)\.)\w+?$", "user_agent."),
    _rule("ssl_cipher", r"\.ssl\.ciphers(\.(.*?))$", ".ssl.ciphers."),
    _rule("ssl_version", r"\.ssl\.versions(\.(.*?))$", ".ssl.versions."),
    _rule("ssl_curve", r"\.ssl\.curves(\.(.*?))$", ".ssl.curves."),
    _rule("ssl_sigalg", r"\.ssl\.sigalgs(\.(.*?))$", ".ssl.sigalgs."),
    _rule("grpc_bridge_service", r"^cluster\.[^.]+\.grpc\.((.*?)\.)", ".grpc."),
    _rule("rds_route_config", r"^http\.[^.]*\.rds\.((.*?)\.)\w+?$", ".rds."),
    _rule("virtual_cluster", r"^vhost\.[^.]*\.?vcluster\.((.*?)\.)", "vcluster."),
    _rule("virtual_host", r"^vhost\.((.*?)\.)vcluster\.", "vhost."),
    _rule("route", r"^vhost\..*?\.route\.((.*?)\.)", ".route."),
    _rule("http_conn_manager_prefix", r"^listener\..*?http\.((.*?)\.)", ".http."),
    _rule("http_conn_manager_prefix", r"^http\.((.*?)\.)", "http."),
    _rule("listener_address", rf"^listener\.(({_ADDRESS})\.)", "listener."),
    _rule("tcp_prefix", r"^tcp\.((.*?)\.)", "tcp."),
    _rule("cluster_name", r"^cluster\.((.*?)\.)", "cluster."),
    _rule("ratelimit_prefix", r"^ratelimit\.((.*?)\.)", "ratelimit."),
    _rule("local_http_ratelimit_prefix", r"^((.*?)\.)http_local_rate_limit\.", "http_local_rate_limit."),
)

Tags = tuple[tuple[str, str], ...]


class TagExtractor:
    """The rules that are in force: the user's own first, then the defaults."""

    def __init__(self, own: Sequence[Rule] = (), use_defaults: bool = True) -> None:
        own_tags = {rule.tag for rule in own}
        defaults = [rule for rule in DEFAULT_RULES if rule.tag not in own_tags] if use_defaults else []
        self._rules = (*own, *defaults)
        self.extract = lru_cache(maxsize=65536)(self._extract)

    def _extract(self, name: str) -> tuple[str, Tags]:
        """The name without its variable parts, and the tags with their values."""
        cuts: list[tuple[int, int]] = []
        tags: list[tuple[str, str]] = []
        seen: set[str] = set()
        for tag, pattern, needs in self._rules:
            if tag in seen or needs not in name:
                continue
            match = pattern.search(name)
            if match is None or not match[2]:
                continue
            seen.add(tag)
            tags.append((tag, match[2]))
            cuts.append(match.span(1))
        rest = name
        for start, end in sorted(cuts, reverse=True):
            rest = rest[:start] + rest[end:]
        return rest, tuple(tags)


def rules_of(config: StatsConfig) -> tuple[list[Rule], bool]:
    """The rules that a bootstrap's `stats_config` adds, and whether the defaults hold beside them."""
    own: list[Rule] = []
    for tag in config.stats_tags:
        if tag.WhichOneof("tag_value") == "regex" and tag.regex:
            own.append(Rule(tag.tag_name, _with_two_groups(tag.regex)))
    use_defaults = config.use_all_default_tags.value if config.HasField("use_all_default_tags") else True
    return own, use_defaults


def _with_two_groups(pattern: str) -> re.Pattern[str]:
    """A user's rule may have one group only: then what is cut out is the value."""
    compiled = re.compile(pattern)
    return compiled if compiled.groups >= 2 else re.compile(f"({pattern})")
