"""The kinds that a generator says it reads are those that its output depends on."""

from pathlib import Path

import pytest

from tests.golden.test_golden import CASES, read
from tulle.controlplane.config.store import state_of
from tulle.controlplane.push.context import build_context
from tulle.controlplane.translate.generate import READS, generate
from tulle.protos.type_urls import ROUTE, SHORT_NAMES

ROUTES = ("http_proxy", *map(str, range(9000, 9100)), "http.80", "http.8080", "80")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_does_not_read_a_kind_is_the_same_without_a_resource_of_it(case: Path) -> None:
    node, context = read(case)
    wanted = {url: ROUTES if url == ROUTE else None for url in READS}
    whole = {url: generate(url, node, context, names) for url, names in wanted.items()}
    for left_out in context.config.resources:
        fewer = build_context(state_of(item for item in context.config.resources if item is not left_out))
        assert fewer.config.kinds_that_differ(context.config) == {left_out.kind}
        for url, names in wanted.items():
            if generate(url, node, fewer, names) != whole[url]:
                assert left_out.kind in READS[url], f"{SHORT_NAMES[url]} depends on {left_out.key}"
