"""The workloads of this machine as files that the control plane watches: one file a workload."""

import fcntl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import yaml

from tulle.agent.addresses import free_addresses
from tulle.agent.bootstrap import HTTP_PROXY_PORT
from tulle.agent.workload import Workload, registration


def write_resources(path: Path, resources: Sequence[Mapping[str, object]]) -> None:
    """Writes resources as one YAML file, at once: a watcher never sees half of it."""
    fresh = path.with_name(f".{path.name}.fresh")
    fresh.write_text(yaml.safe_dump_all(resources, sort_keys=False))
    fresh.replace(path)


def registration_path(folder: Path, workload: Workload) -> Path:
    """The file of a workload."""
    return folder / f"{workload.unique_name}.yaml"


def register(folder: Path, workload: Workload, serving: bool = True) -> None:
    """Tells the mesh of a workload; before it is serving nobody is sent to it."""
    write_resources(registration_path(folder, workload), registration(workload, serving))


def unregister(folder: Path, workload: Workload) -> None:
    """Takes a workload out of the mesh."""
    registration_path(folder, workload).unlink(missing_ok=True)


def register_at_free_address(folder: Path, ports: Sequence[int], build: Callable[[str], Workload]) -> Workload:
    """Registers what `build` makes of an address where all `ports` are free; two commands never get the same."""
    with _locked(folder):
        names = [path.stem for path in folder.glob("*.yaml")]
        for address in free_addresses((), (*ports, HTTP_PROXY_PORT)):
            if not any(name.endswith(f"-{address.replace('.', '-')}") for name in names):
                workload = build(address)
                register(folder, workload, serving=False)
                return workload
    raise AssertionError("free_addresses ends with an error of its own")


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
