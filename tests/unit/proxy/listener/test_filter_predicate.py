"""When a listener filter is left out."""

from typing import Any

import pytest

from tulle.protos.messages import ListenerFilterChainMatchPredicate
from tulle.protos.reading import parse_message
from tulle.proxy.listener.filter_predicate import build_predicate
from tulle.proxy.telemetry.connection_info import ConnectionInfo

PORT_80 = {"destination_port_range": {"start": 80, "end": 81}}
PORT_81 = {"destination_port_range": {"start": 81, "end": 82}}


@pytest.mark.parametrize(
    ("rule", "matching"),
    [
        ({"any_match": True}, [79, 80, 81]),
        (PORT_80, [80]),
        ({"destination_port_range": {"start": 79, "end": 81}}, [79, 80]),
        ({"not_match": PORT_80}, [79, 81]),
        ({"or_match": {"rules": [PORT_80, PORT_81]}}, [80, 81]),
        ({"and_match": {"rules": [PORT_80, PORT_81]}}, []),
        ({"and_match": {"rules": [PORT_80, {"not_match": PORT_81}]}}, [80]),
    ],
)
def test_the_rule_matches_these_ports(rule: dict[str, Any], matching: list[int]) -> None:
    predicate = build_predicate(parse_message(ListenerFilterChainMatchPredicate, rule))
    found = []
    for port in (79, 80, 81):
        info = ConnectionInfo()
        info.local_port = port
        if predicate(info):
            found.append(port)
    assert found == matching
