"""A process as a set of components: one TaskGroup, a stop signal, and an exit code."""

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from tulle.foundation.errors import TulleError

_log = logging.getLogger("tulle.component")

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, slots=True)
class Component:
    """Something that runs until it is cancelled; a failure ends the process with this name in the last line."""

    name: str
    run: Callable[[], Awaitable[None]]


class ComponentFailed(TulleError):
    """A component ended by an error, or ended at all although it should run for ever."""

    def __init__(self, name: str, cause: BaseException | None) -> None:
        what = f"{cause}" if cause else "it returned"
        super().__init__(f"{name} failed: {what}")
        self.name = name
        self.exit_code = cause.exit_code if isinstance(cause, TulleError) else 1


async def _guard(component: Component) -> None:
    try:
        await component.run()
    except asyncio.CancelledError:
        raise
    except Exception as error:
        _log.debug("component %s failed", component.name, exc_info=error)
        raise ComponentFailed(component.name, error) from error
    raise ComponentFailed(component.name, None)


async def run_components(components: Sequence[Component], stop: asyncio.Event) -> None:
    """Runs all until `stop` is set; raises the first failure as ComponentFailed."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_guard(component), name=component.name) for component in components]
            await stop.wait()
            for task in tasks:
                task.cancel()
    except* ComponentFailed as failures:
        raise failures.exceptions[0] from None


def stop_on_signals(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Sets `stop` at the first SIGINT or SIGTERM; the second kills, as a person expects of Ctrl-C."""

    def on_signal(number: int) -> None:
        if stop.is_set():
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        stop.set()

    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, on_signal, number)
