"""Processes under measurement, and the configurations they get."""

import sys
from pathlib import Path

import pytest
import yaml

from bench.configuration import envoy_file, haproxy_file, nginx_file
from bench.memory import memory_of
from bench.processes import Cpus, Failure, Process, cpu_time

_VALUES = {"directory": "/d", "port": 1, "admin_port": 2, "upstream_port": 3}
_BUSY_CHILD = """
import os, sys, time
pid = os.fork()
while time.process_time() < 0.1: pass
open(sys.argv[1] + str(pid == 0), "w").close()
time.sleep(60)
"""


@pytest.mark.processes
def test_cpu_time_and_memory_are_those_of_the_whole_family(tmp_path: Path) -> None:
    cpu = Cpus.of_this_machine().proxy
    process = Process([sys.executable, "-c", _BUSY_CHILD, str(tmp_path / "done")], cpu, tmp_path / "log")
    try:
        while len(list(tmp_path.glob("done*"))) < 2:
            process.check_alive()
        assert len(process.family()) == 2
        assert cpu_time(process).total_s >= 0.18
        memory = memory_of(process)
        # This test runs the same Python, so the kernel counts a part of its pages for us.
        assert memory.alone_mb > memory.pss_mb > memory.private_mb > 0
    finally:
        process.stop()


@pytest.mark.processes
def test_a_process_that_ends_is_quoted(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no such field')"]
    process = Process(command, Cpus.of_this_machine().load, tmp_path / "log")
    process.wait()
    with pytest.raises(Failure, match="ended with 1: no such field"):
        process.check_alive()


@pytest.mark.parametrize("protocol", ["h1", "h2", "tcp"])
def test_every_engine_has_a_configuration_for_every_protocol(protocol: str) -> None:
    assert "@" not in haproxy_file(protocol, 0, _VALUES) + nginx_file(protocol, 0, _VALUES)
    bootstrap = yaml.safe_load(envoy_file(protocol, 3, _VALUES))
    assert len(bootstrap["static_resources"]["clusters"]) == 4


def test_clusters_that_no_route_uses_can_be_added() -> None:
    assert envoy_file("h1", 1000, _VALUES).count("- endpoint:") == 3001
    assert nginx_file("h1", 1000, _VALUES).count("upstream service-") == 1000
    assert haproxy_file("h1", 1000, _VALUES).count("backend service-") == 1000
