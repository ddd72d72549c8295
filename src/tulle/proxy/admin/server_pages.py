"""Pages about the process itself, and those that change it."""

import html

from tulle.foundation.logs import LEVELS
from tulle.proxy.admin.page import HTML, TEXT, Answer, BadQuery, Page, Query, flag, json_answer, message_answer
from tulle.proxy.admin.view import ProxyView

_OK = Answer("OK\n")


async def render_ready(proxy: ProxyView, query: Query) -> Answer:
    """/ready."""
    return Answer(f"{proxy.state}\n", 200 if proxy.state == "LIVE" else 503)


async def render_server_info(proxy: ProxyView, query: Query) -> Answer:
    """/server_info."""
    return message_answer(proxy.server_info())


async def render_memory(proxy: ProxyView, query: Query) -> Answer:
    """/memory."""
    return json_answer({name: str(value) for name, value in proxy.memory_bytes().items()})


async def render_certs(proxy: ProxyView, query: Query) -> Answer:
    """/certs: no transport socket of this proxy holds any yet."""
    return json_answer({"certificates": []})


async def render_runtime(proxy: ProxyView, query: Query) -> Answer:
    """/runtime: no layer is configured."""
    return json_answer({"entries": {}, "layers": []})


async def render_hot_restart_version(proxy: ProxyView, query: Query) -> Answer:
    """/hot_restart_version."""
    return Answer("disabled")


async def reset_counters(proxy: ProxyView, query: Query) -> Answer:
    """/reset_counters."""
    await proxy.reset_counters()
    return _OK


async def fail_health_check(proxy: ProxyView, query: Query) -> Answer:
    """/healthcheck/fail."""
    proxy.fail_health_check(True)
    return _OK


async def pass_health_check(proxy: ProxyView, query: Query) -> Answer:
    """/healthcheck/ok."""
    proxy.fail_health_check(False)
    return _OK


async def drain_listeners(proxy: ProxyView, query: Query) -> Answer:
    """/drain_listeners."""
    proxy.drain_listeners(flag(query, "inboundonly"), flag(query, "graceful"), flag(query, "skip_exit"))
    return _OK


async def reopen_logs(proxy: ProxyView, query: Query) -> Answer:
    """/reopen_logs."""
    proxy.reopen_logs()
    return _OK


async def quit_proxy(proxy: ProxyView, query: Query) -> Answer:
    """/quitquitquit."""
    proxy.quit()
    return _OK


async def change_logging(proxy: ProxyView, query: Query) -> Answer:
    """/logging: without parameters it only shows."""
    level = query.get("level")
    if level:
        if level not in LEVELS:
            raise BadQuery(f"error: unknown logger level; levels: {' '.join(LEVELS)}")
        proxy.set_log_level(level)
    lines = "".join(f"  {name}: {value}\n" for name, value in proxy.log_levels().items())
    return Answer(f"active loggers:\n{lines}\n")


def help_text(pages: tuple[Page, ...]) -> str:
    """What /help prints."""
    lines = ["admin commands are:"]
    for page in sorted(pages, key=lambda page: page.path):
        method = " (POST)" if page.mutates else ""
        lines.append(f"  {page.path}{method}: {page.description}")
        for parameter in page.parameters:
            choices = f"; One of ({', '.join(parameter.choices)})" if parameter.choices else ""
            lines.append(f"      {parameter.name}: {parameter.description}{choices}")
    return "\n".join(lines) + "\n"


def home_page(pages: tuple[Page, ...]) -> Answer:
    """The table of all pages, with a button where something changes."""
    rows = []
    for page in sorted(pages, key=lambda page: page.path):
        name = page.path.lstrip("/")
        if page.mutates:
            link = f"<form action='{name}' method='post'><button>{name}</button></form>"
        else:
            link = f"<a href='{name}'>{name or '/'}</a>"
        rows.append(f"<tr><td>{link}</td><td>{html.escape(page.description)}</td></tr>")
    table = "\n".join(rows)
    return Answer(
        "<!DOCTYPE html>\n<html lang='en'>\n<head><meta charset='utf-8'><title>Tulle proxy admin</title></head>\n"
        f"<body><table>\n<tr><th>Command</th><th>Description</th></tr>\n{table}\n</table></body>\n</html>\n",
        content_type=HTML,
    )


def not_found(pages: tuple[Page, ...]) -> Answer:
    """What an unknown path gets."""
    return Answer(f"invalid path. {help_text(pages)}", 404, TEXT)
