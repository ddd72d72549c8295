"""THE LIST of admin pages."""

from tulle.foundation.logs import LEVELS
from tulle.proxy.admin import server_pages as server
from tulle.proxy.admin.cluster_page import render_clusters, render_listeners
from tulle.proxy.admin.config_dump_page import render_config_dump
from tulle.proxy.admin.page import Answer, Page, Parameter, Query
from tulle.proxy.admin.stats_pages import BUCKET_MODES, FORMATS, TYPES, render_prometheus_page, render_stats
from tulle.proxy.admin.view import ProxyView

_FILTER = Parameter("filter", "Regular expression for filtering by name")
_INVERT = Parameter("invert_filter", "Invert the filter")
_USED = Parameter("usedonly", "Only what was written since the start")


async def _render_home(proxy: ProxyView, query: Query) -> Answer:
    return server.home_page(PAGES)


async def _render_help(proxy: ProxyView, query: Query) -> Answer:
    return Answer(server.help_text(PAGES))


PAGES: tuple[Page, ...] = (
    Page("/", "Admin home page", _render_home),
    Page("/certs", "print certs on machine", server.render_certs),
    Page(
        "/clusters",
        "upstream cluster status",
        render_clusters,
        parameters=(_FILTER, Parameter("format", "Format to use", ("text", "json"))),
    ),
    Page(
        "/config_dump",
        "dump current configs",
        render_config_dump,
        parameters=(
            Parameter("resource", "The repeated field to dump, such as dynamic_active_clusters"),
            Parameter("mask", "Only these fields, separated by commas"),
            Parameter("name_regex", "Only configuration whose name matches"),
            Parameter("include_eds", "Endpoints too"),
        ),
    ),
    Page(
        "/drain_listeners",
        "drain listeners",
        server.drain_listeners,
        mutates=True,
        parameters=(
            Parameter("graceful", "Ask clients to leave before the listeners stop"),
            Parameter("skip_exit", "Ask clients to leave but never stop the listeners"),
            Parameter("inboundonly", "Only listeners whose traffic_direction is INBOUND"),
        ),
    ),
    Page("/healthcheck/fail", "cause the server to fail health checks", server.fail_health_check, mutates=True),
    Page("/healthcheck/ok", "cause the server to pass health checks", server.pass_health_check, mutates=True),
    Page("/help", "print out list of admin commands", _render_help),
    Page("/hot_restart_version", "print the hot restart compatibility version", server.render_hot_restart_version),
    Page(
        "/listeners",
        "print listener info",
        render_listeners,
        parameters=(Parameter("format", "Format to use", ("text", "json")),),
    ),
    Page(
        "/logging",
        "query/change logging levels",
        server.change_logging,
        mutates=True,
        parameters=(Parameter("level", "the level of all loggers", LEVELS),),
    ),
    Page("/memory", "print current allocation/heap usage", server.render_memory),
    Page("/quitquitquit", "exit the server", server.quit_proxy, mutates=True),
    Page("/ready", "print server state, return 200 if LIVE, otherwise return 503", server.render_ready),
    Page("/reopen_logs", "reopen access logs", server.reopen_logs, mutates=True),
    Page("/reset_counters", "reset all counters to zero", server.reset_counters, mutates=True),
    Page("/runtime", "print runtime values", server.render_runtime),
    Page("/server_info", "print server version/status information", server.render_server_info),
    Page(
        "/stats",
        "print server stats",
        render_stats,
        parameters=(
            _USED,
            _FILTER,
            _INVERT,
            Parameter("format", "Format to use", FORMATS),
            Parameter("type", "Stat types to include", TYPES),
            Parameter("histogram_buckets", "Histogram bucket display mode", BUCKET_MODES),
        ),
    ),
    Page(
        "/stats/prometheus",
        "print server stats in prometheus format",
        render_prometheus_page,
        parameters=(_USED, _FILTER, _INVERT, Parameter("text_readouts", "Also text, as gauges of 0")),
    ),
)
