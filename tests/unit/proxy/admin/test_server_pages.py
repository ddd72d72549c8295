"""Pages about the process, and those that change it."""

import asyncio
import json

import pytest

from tests.support.fake_proxy import FakeProxy
from tulle.proxy.admin import server_pages
from tulle.proxy.admin.page import BadQuery
from tulle.proxy.admin.pages import PAGES


def test_ready_server_info_and_memory_have_envoys_forms() -> None:
    proxy = FakeProxy()
    ready = asyncio.run(server_pages.render_ready(proxy, {}))
    assert (ready.status, ready.body) == (200, "LIVE\n")
    assert json.loads(asyncio.run(server_pages.render_server_info(proxy, {})).body)["version"] == "tulle/x"
    assert json.loads(asyncio.run(server_pages.render_memory(proxy, {})).body) == {"allocated": "5"}
    assert json.loads(asyncio.run(server_pages.render_certs(proxy, {})).body) == {"certificates": []}


def test_what_changes_the_proxy_is_done_and_answered_with_ok() -> None:
    proxy = FakeProxy()
    for render in (
        server_pages.reset_counters,
        server_pages.fail_health_check,
        server_pages.pass_health_check,
        server_pages.reopen_logs,
        server_pages.quit_proxy,
    ):
        assert asyncio.run(render(proxy, {})).body == "OK\n"
    asyncio.run(server_pages.drain_listeners(proxy, {"graceful": "", "inboundonly": ""}))
    assert proxy.done == [
        "reset",
        ("health failed", True),
        ("health failed", False),
        "reopen",
        "quit",
        ("drain", True, True, False),
    ]


def test_a_log_level_is_changed_or_refused() -> None:
    proxy = FakeProxy()
    assert "  tulle: info\n" in asyncio.run(server_pages.change_logging(proxy, {"level": "debug"})).body
    assert proxy.done == [("level", "debug")]
    with pytest.raises(BadQuery, match="unknown logger level"):
        asyncio.run(server_pages.change_logging(proxy, {"level": "loud"}))


def test_help_and_home_name_every_page() -> None:
    help_text, home = server_pages.help_text(PAGES), server_pages.home_page(PAGES).body
    for page in PAGES:
        assert f"  {page.path}{' (POST)' if page.mutates else ''}: {page.description}" in help_text
        assert page.path.lstrip("/") in home
    assert server_pages.not_found(PAGES).status == 404
