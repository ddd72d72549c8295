"""`python -m bench.profile.launcher STACKS CLOCK BOOTSTRAP`: tulle's proxy, with the sampler in its worker."""

import gc
import os
import socket
import sys
import time
from pathlib import Path
from typing import NoReturn

from bench.profile.sampler import Sampler


def main(stacks: Path, clock: str, bootstrap: str) -> int:
    """The exit code of the proxy. The worker's process id is written beside the stacks."""
    began = time.monotonic()
    gc.disable()
    from tulle.foundation.logs import configure
    from tulle.proxy import start
    from tulle.proxy.server.options import ProxyOptions
    from tulle.proxy.worker import run_worker

    configure("warning")

    def run_sampled(end: socket.socket, index: int) -> NoReturn:
        Sampler(stacks, clock).install()
        stacks.with_suffix(".pid").write_text(str(os.getpid()))
        run_worker(end, index)

    vars(start)["run_worker"] = run_sampled
    return start.start_proxy(ProxyOptions(bootstrap), began)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
