"""Components run together and fail by name."""

import asyncio
import os
import signal

import pytest

from tulle.foundation.component import Component, ComponentFailed, run_components, stop_on_signals
from tulle.foundation.errors import InvalidInput


async def for_ever() -> None:
    await asyncio.Event().wait()


async def breaks() -> None:
    raise InvalidInput([])


async def returns() -> None:
    return


def test_a_stop_ends_all_components_cleanly() -> None:
    async def main() -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().call_soon(stop.set)
        await run_components([Component("a", for_ever), Component("b", for_ever)], stop)

    asyncio.run(main())


@pytest.mark.parametrize(("failing", "code"), [(breaks, 65), (returns, 1)])
def test_a_component_that_ends_ends_the_others_with_its_name_and_exit_code(failing: object, code: int) -> None:
    async def main() -> None:
        await run_components([Component("good", for_ever), Component("bad", failing)], asyncio.Event())  # type: ignore[arg-type]

    with pytest.raises(ComponentFailed, match="bad failed") as caught:
        asyncio.run(main())
    assert caught.value.exit_code == code


def test_a_signal_sets_the_stop() -> None:
    async def main() -> bool:
        stop = asyncio.Event()
        stop_on_signals(asyncio.get_running_loop(), stop)
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(stop.wait(), 5)
        return stop.is_set()

    assert asyncio.run(main())
