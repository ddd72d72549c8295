"""The load and what becomes of it."""

import asyncio
import json
from collections import Counter

import pytest

from tulle.cli.demo.calls import Answer
from tulle.cli.demo.traffic import PRODUCTS, Request, Traffic, headers_of, read_answer


def page(reviews: dict[str, object], status: int = 200) -> Answer:
    return Answer(status, json.dumps({"request_id": "r1", "parts": {"reviews": reviews}}).encode(), {})


def request(at: float, user: str = "guest", version: str = "v1", status: int = 200, seconds: float = 0.01) -> Request:
    return Request(at, user, 0, 200, status, version, version != "v1", seconds, "")


def test_an_answer_tells_who_stood_behind_the_page() -> None:
    found = read_answer(page({"version": "v3", "status": 200, "ratings": {"a": 5}}), 1.0, "jason", 4, 0.05)
    assert (found.served_by, found.stars, found.good, found.request_id) == ("v3", True, True, "r1")
    assert found.answer == "v3"


def test_an_error_counts_as_its_status_although_the_version_is_known() -> None:
    found = read_answer(page({"version": "v3", "status": 500}), 1.0, "guest", 7, 0.05)
    assert (found.answer, found.served_by, found.good) == ("status 500", "v3", False)
    assert read_answer(Answer(503, b"no", {}), 1.0, "guest", 0, 0.05).answer == "status 503"
    assert read_answer(Answer(0, b"", {}), 1.0, "guest", 0, 0.05).answer == "status 0"


def test_answers_count_from_the_moment_a_rule_is_in_force() -> None:
    traffic = Traffic(lambda: 100.0)
    for item in (request(1.0), request(5.0, version="v2"), request(6.0, user="jason"), request(7.0)):
        traffic.note(item)
    assert traffic.answers("guest", 5.0) == Counter(v1=1, v2=1)


def test_the_last_minute_is_told_second_by_second() -> None:
    traffic = Traffic(lambda: 100.5)
    for item in (request(30.0), request(99.2, version="v2"), request(99.9, status=500), request(100.2)):
        traffic.note(item)
    series = traffic.series()
    assert len(series) == 60
    assert series[-1] == {"v2": 1, "error": 1}
    assert series[0] == {}


def test_the_summary_is_of_the_last_seconds() -> None:
    traffic = Traffic(lambda: 100.0)
    assert traffic.summary()["ok_percent"] is None
    for item in (request(10.0), request(95.0, seconds=0.02), request(96.0, version="v3", status=500, seconds=2.0)):
        traffic.note(item)
    summary = traffic.summary()
    assert (summary["rps"], summary["ok_percent"]) == (0.2, 50.0)
    assert summary["versions"] == {"v1": 0.1, "v3": 0.1}
    assert summary["errors"] == {"v3": 0.1}
    assert summary["p99_ms"] == 2000.0
    assert [item["good"] for item in traffic.last(2)] == [False, True]


def test_every_customer_meets_every_product_while_answers_are_waited_for() -> None:
    seen: set[tuple[str, int]] = set()
    traffic = Traffic(lambda: 0.0)

    def ask(user: str, product: int) -> Answer:
        seen.add((user, product))
        return page({"version": "v1", "status": 200})

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(traffic.run(ask, rate=10_000))
            while len(seen) < 2 * PRODUCTS:
                await asyncio.sleep(0.001)
            task.cancel()

    asyncio.run(main())
    assert traffic.sent >= 2 * PRODUCTS


@pytest.mark.parametrize(("user", "headers"), [("guest", {}), ("jason", {"end-user": "jason"})])
def test_a_guest_is_not_signed_in(user: str, headers: dict[str, str]) -> None:
    assert headers_of(user) == headers
