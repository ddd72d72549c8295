"""Addresses and ports."""

import socket
from itertools import islice

import pytest

from tulle.agent.addresses import free_addresses, free_port, free_ports
from tulle.foundation.errors import Unreachable


def test_taken_addresses_are_passed_over() -> None:
    first, second = islice(free_addresses((), ()), 2)
    assert next(free_addresses((first,), ())) == second


def test_an_address_whose_port_is_bound_is_passed_over() -> None:
    with socket.socket() as holder:
        first = next(free_addresses((), ()))
        holder.bind((first, 0))
        holder.listen()
        assert next(free_addresses((), (holder.getsockname()[1],))) != first


def test_a_wanted_port_is_given_when_it_is_free_and_another_when_it_is_not() -> None:
    wanted = free_port()
    assert free_port(wanted=wanted) == wanted
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", wanted))
        holder.listen()
        assert free_port(wanted=wanted) != wanted


def test_many_ports_are_all_different() -> None:
    assert len(set(free_ports(50))) == 50


def test_a_port_that_is_taken_everywhere_is_told_of() -> None:
    with socket.socket() as holder:
        port = free_port("0.0.0.0")
        holder.bind(("0.0.0.0", port))
        holder.listen()
        with pytest.raises(Unreachable, match=rf"no address of 127\.9\.0\.0/16 is free at {port}"):
            next(free_addresses((), (port,)))
