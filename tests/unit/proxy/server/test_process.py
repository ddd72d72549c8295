"""The main process's admin socket."""

import os
import socket
from pathlib import Path

import pytest

from tulle.protos.messages import Admin
from tulle.protos.reading import parse_message
from tulle.proxy.server import process


def admin_at(address: dict[str, object]) -> Admin:
    return parse_message(Admin, {"address": address})


def test_the_admin_listens_at_a_free_port_and_tells_where() -> None:
    with process._bind_admin(admin_at({"socket_address": {"address": "127.0.0.1", "port_value": 0}})) as listening:
        port = listening.getsockname()[1]
        assert port > 0
        assert process._address_text(listening) == f"127.0.0.1:{port}"


def test_an_admin_address_that_is_taken_is_named_in_the_error() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(OSError, match=str(port)):
            process._bind_admin(admin_at({"socket_address": {"address": "127.0.0.1", "port_value": port}}))


def test_a_socket_file_that_was_left_behind_is_replaced(tmp_path: Path) -> None:
    path = str(tmp_path / "admin.sock")
    for _ in range(2):
        with process._bind_admin(admin_at({"pipe": {"path": path}})) as listening:
            assert listening.getsockname() == path
    assert os.path.exists(path)


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "address"
    process._write_whole(str(target), "127.0.0.1:1")
    assert [item.name for item in tmp_path.iterdir()] == ["address"]
    assert target.read_text() == "127.0.0.1:1"
