"""The load on the demo: ten requests a second by several customers, and what became of the last of them."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Iterable

import msgspec

from tulle.cli.demo.calls import Answer
from tulle.cli.demo.lesson import USERS

RATE = 10.0  # requests a second
PRODUCTS = 10
_PATTERN = ("guest", "guest", "jason", "guest", "jason", "guest", "guest")  # of no length that divides PRODUCTS
_MOST_OPEN = 48
_KEPT = 3000
_SECONDS = 60
_RECENT_S = 10.0
_OK = 400  # statuses below it are good


class Request(msgspec.Struct, frozen=True):
    """One request of a customer to the shop, when it was sent, and the answer."""

    at: float
    user: str
    product: int
    status: int  # of the page; 0 when nothing came
    reviews_status: int
    served_by: str  # the version of reviews that answered, were it with an error; empty when none did
    stars: bool
    seconds: float
    request_id: str

    @property
    def answer(self) -> str:
        """The version that answered, or the status that came instead."""
        return self.served_by if self.good else f"status {self.reviews_status or self.status}"

    @property
    def good(self) -> bool:
        """Whether the customer saw a whole page."""
        return 0 < self.status < _OK and 0 < self.reviews_status < _OK


def read_answer(answer: Answer, at: float, user: str, product: int, seconds: float) -> Request:
    """What the shop's answer says of those that stand behind it."""
    parts = answer.json().get("parts")
    found = parts.get("reviews") if isinstance(parts, dict) else None
    reviews = found if isinstance(found, dict) else {}
    return Request(
        at=at,
        user=user,
        product=product,
        status=answer.status,
        reviews_status=int(reviews.get("status", 0)),
        served_by=str(reviews.get("version", "")),
        stars=bool(reviews.get("ratings")),
        seconds=round(seconds, 4),
        request_id=str(answer.json().get("request_id", "")),
    )


class Traffic:
    """The requests of the last minutes."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.requests: deque[Request] = deque(maxlen=_KEPT)
        self.sent = 0

    def note(self, request: Request) -> None:
        """Keeps what came back."""
        self.requests.append(request)

    def answers(self, user: str, since: float) -> Counter[str]:
        """How often each version answered a user's requests that were sent from `since` on."""
        return Counter(item.answer for item in self.requests if item.user == user and item.at >= since)

    def series(self) -> list[dict[str, int]]:
        """Answers of each of the last sixty whole seconds, the oldest first."""
        now = int(self._clock())
        found: list[Counter[str]] = [Counter() for _ in range(_SECONDS)]
        for item in self.requests:
            index = int(item.at) - now + _SECONDS
            if 0 <= index < _SECONDS:
                found[index][item.served_by if item.good else "error"] += 1
        return [dict(counter) for counter in found]

    def summary(self) -> dict[str, object]:
        """Rates and times of the last ten seconds."""
        now = self._clock()
        recent = [item for item in self.requests if item.at > now - _RECENT_S]
        times = sorted(item.seconds for item in self.requests if item.at > now - 3 * _RECENT_S)
        versions = Counter(item.served_by for item in recent if item.served_by)
        errors = Counter(item.served_by for item in recent if item.served_by and not item.good)
        return {
            "rps": round(len(recent) / _RECENT_S, 1),
            "ok_percent": _percent(item.good for item in recent),
            "p50_ms": _quantile_ms(times, 0.5),
            "p99_ms": _quantile_ms(times, 0.99),
            "versions": {name: round(count / _RECENT_S, 1) for name, count in sorted(versions.items())},
            "errors": {name: round(count / _RECENT_S, 1) for name, count in sorted(errors.items())},
            "stars": round(sum(item.stars for item in recent) / _RECENT_S, 1),
        }

    def last(self, count: int) -> list[dict[str, object]]:
        """The newest requests first."""
        newest = list(self.requests)[-count:][::-1]
        return [{**msgspec.to_builtins(item), "good": item.good} for item in newest]

    async def run(self, ask: Callable[[str, int], Answer], rate: float = RATE) -> None:
        """Sends requests for ever, whether or not the answers to earlier ones have come."""
        open_requests = 0

        async def one(number: int) -> None:
            nonlocal open_requests
            user, product, at = _PATTERN[number % len(_PATTERN)], number % PRODUCTS, self._clock()
            answer = await asyncio.to_thread(ask, user, product)
            self.note(read_answer(answer, at, user, product, self._clock() - at))
            open_requests -= 1

        async with asyncio.TaskGroup() as group:
            while True:
                if open_requests < _MOST_OPEN:
                    open_requests += 1
                    group.create_task(one(self.sent))
                    self.sent += 1
                await asyncio.sleep(1 / rate)


def headers_of(user: str) -> dict[str, str]:
    """What tells the shop who is asking."""
    return {"end-user": user} if user != USERS[0] else {}


def _percent(values: Iterable[bool]) -> float | None:
    found = list(values)
    return round(100 * sum(found) / len(found), 1) if found else None


def _quantile_ms(times: list[float], part: float) -> float | None:
    return round(1000 * times[min(int(part * len(times)), len(times) - 1)], 1) if times else None
