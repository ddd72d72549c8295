"""The list of pages."""

import asyncio

from tests.support.fake_proxy import FakeProxy
from tulle.proxy.admin.pages import PAGES


def test_paths_are_sorted_and_unique() -> None:
    paths = [page.path for page in PAGES]
    assert paths == sorted(set(paths))


def test_every_page_that_changes_nothing_answers() -> None:
    for page in PAGES:
        if not page.mutates:
            assert asyncio.run(page.render(FakeProxy(), {})).status == 200, page.path
