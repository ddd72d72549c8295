"""Filter chain matching: Envoy's order, its lack of backtracking, and what it rejects."""

from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tulle.foundation.errors import InvalidInput
from tulle.protos.messages import FilterChainMatch
from tulle.protos.reading import parse_message
from tulle.proxy.listener.filter_chain_match import Candidate, build_matcher
from tulle.proxy.network.addresses import ip_name
from tulle.proxy.telemetry.connection_info import ConnectionInfo


def _candidates(*matches: dict[str, Any]) -> list[Candidate[int]]:
    return [
        Candidate(f"filter_chains[{index}].filter_chain_match", parse_message(FilterChainMatch, match), index)
        for index, match in enumerate(matches)
    ]


def _cidr(text: str) -> dict[str, Any]:
    ip, length = text.split("/")
    return {"address_prefix": ip, "prefix_len": int(length)}


def _info(
    local: tuple[str, int] = ("10.0.0.1", 80),
    remote: tuple[str, int] = ("192.168.0.9", 5000),
    name: str = "",
    transport: str = "raw_buffer",
    protocols: tuple[str, ...] = (),
) -> ConnectionInfo:
    info = ConnectionInfo()
    info.local, _, info.local_port = ip_name(*local)
    info.remote, info.remote_ip, _ = ip_name(*remote)
    info.direct_remote = info.remote
    info.requested_server_name = name
    info.transport_protocol = transport
    info.application_protocols = protocols
    return info


TABLE: list[tuple[str, list[dict[str, Any]], ConnectionInfo, int | None]] = [
    ("the port is asked first", [{"destination_port": 80}, {"server_names": ["a.com"]}], _info(name="a.com"), 0),
    (
        "a port that fits is not given up for a later failure",
        [{"destination_port": 80, "server_names": ["b.com"]}, {"server_names": ["a.com"]}],
        _info(name="a.com"),
        None,
    ),
    (
        "an address that fits is not given up either",
        [{"prefix_ranges": [_cidr("10.0.0.0/8")], "transport_protocol": "tls"}, {}],
        _info(),
        None,
    ),
    ("a chain without criteria takes the rest", [{"destination_port": 81}, {}], _info(), 1),
    ("no chain fits", [{"destination_port": 81}], _info(), None),
    (
        "the client's first protocol that is wanted decides",
        [{"application_protocols": ["http/1.1"]}, {"application_protocols": ["h2"]}],
        _info(protocols=("x", "h2", "http/1.1")),
        1,
    ),
    ("names are compared without case", [{"server_names": ["WWW.Example.com"]}], _info(name="www.example.com"), 0),
    (
        "a more specific wildcard wins",
        [{"server_names": ["*.com"]}, {"server_names": ["*.example.com"]}],
        _info(name="a.example.com"),
        1,
    ),
    (
        "local connections have chains of their own",
        [{"source_type": "EXTERNAL"}, {"source_type": "SAME_IP_OR_LOOPBACK"}],
        _info(remote=("127.0.0.1", 1)),
        1,
    ),
    (
        "the source's prefix, then its port",
        [
            {"source_prefix_ranges": [_cidr("192.168.0.0/16")], "source_ports": [1]},
            {"source_prefix_ranges": [_cidr("192.0.0.0/8")], "source_ports": [5000]},
        ],
        _info(),
        None,
    ),
    ("a prefix is cut to its length", [{"prefix_ranges": [_cidr("10.99.0.0/8")]}], _info(), 0),
]


@pytest.mark.parametrize(("matches", "info", "found"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_the_chain_is(matches: list[dict[str, Any]], info: ConnectionInfo, found: int | None) -> None:
    assert build_matcher(_candidates(*matches)).find(info) == found


def test_no_chains_match_nothing() -> None:
    assert build_matcher(_candidates()).find(_info()) is None


def _problems(*matches: dict[str, Any]) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        build_matcher(_candidates(*matches))
    return [str(problem) for problem in caught.value.problems]


def test_equal_matches_are_rejected_where_the_second_stands() -> None:
    first = {"server_names": ["a.com", "b.com"], "destination_port": 80}
    assert _problems(first, {}, {"server_names": ["b.com"], "destination_port": 80}) == [
        "filter_chains[2].filter_chain_match: matches connections that "
        "filter_chains[0].filter_chain_match matches as well"
    ]


def test_wildcards_stand_for_first_labels_only() -> None:
    names = ["*", "*w.example.com", "www.*.com", "*.example.com"]
    assert [problem.partition(":")[0] for problem in _problems({"server_names": names})] == [
        f"filter_chains[0].filter_chain_match.server_names[{index}]" for index in (0, 1, 2)
    ]


def test_an_address_that_is_none_is_named() -> None:
    assert _problems({"prefix_ranges": [_cidr("10.0.0/8")]}) == [
        "filter_chains[0].filter_chain_match.prefix_ranges[0].address_prefix: 10.0.0 is not an IP address"
    ]


# A naive model: filter the candidates criterion by criterion, keeping those with the most specific value that fits.

_PREFIXES = ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "192.168.0.0/16"]
_NAMES = ["a.b.com", "*.b.com", "*.com", "c.org"]


def _ip_rank(field: str, ip: str) -> Any:
    def rank(match: dict[str, Any]) -> int:
        if not match.get(field):
            return 0
        networks = [ip_network(f"{each['address_prefix']}/{each['prefix_len']}") for each in match[field]]
        return max((network.prefixlen + 1 for network in networks if ip_address(ip) in network), default=-1)

    return rank


def _name_rank(name: str) -> Any:
    def rank(match: dict[str, Any]) -> int:
        if not match.get("server_names"):
            return 0
        ranks = [
            100 if each == name else len(each) if each[0] == "*" and name.endswith(each[1:]) else -1
            for each in match["server_names"]
        ]
        return max(ranks)

    return rank


def _value_rank(field: str, value: Any) -> Any:
    def rank(match: dict[str, Any]) -> int:
        wanted = match.get(field)
        if not wanted:
            return 0
        return 1 if value in (wanted if isinstance(wanted, list) else [wanted]) else -1

    return rank


def _protocol_rank(protocols: tuple[str, ...]) -> Any:
    def rank(match: dict[str, Any]) -> int:
        wanted = match.get("application_protocols")
        if not wanted:
            return 0
        return max((10 - protocols.index(each) for each in wanted if each in protocols), default=-1)

    return rank


def _model(matches: list[dict[str, Any]], info: ConnectionInfo) -> int | None:
    local_ip, remote_port = info.local.rpartition(":")[0], int(info.remote.rpartition(":")[2])
    source = "SAME_IP_OR_LOOPBACK" if info.remote_ip in ("127.0.0.1", local_ip) else "EXTERNAL"
    ranks = [
        _value_rank("destination_port", info.local_port),
        _ip_rank("prefix_ranges", local_ip),
        _name_rank(info.requested_server_name),
        _value_rank("transport_protocol", info.transport_protocol),
        _protocol_rank(info.application_protocols),
        _ip_rank("direct_source_prefix_ranges", info.remote_ip),
        _value_rank("source_type", source),
        _ip_rank("source_prefix_ranges", info.remote_ip),
        _value_rank("source_ports", remote_port),
    ]
    left = list(range(len(matches)))
    for rank in ranks:
        best = max((rank(matches[index]) for index in left), default=-1)
        left = [index for index in left if rank(matches[index]) == best] if best >= 0 else []
    assert len(left) <= 1
    return left[0] if left else None


def _some(values: list[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.sampled_from(values), max_size=2, unique_by=str)


_matches = st.fixed_dictionaries(
    {},
    optional={
        "destination_port": st.sampled_from([80, 443]),
        "prefix_ranges": _some([_cidr(text) for text in _PREFIXES]),
        "server_names": _some(_NAMES),
        "transport_protocol": st.sampled_from(["tls", "raw_buffer"]),
        "application_protocols": _some(["h2", "http/1.1", "istio"]),
        "direct_source_prefix_ranges": _some([_cidr(text) for text in _PREFIXES]),
        "source_type": st.sampled_from(["EXTERNAL", "SAME_IP_OR_LOOPBACK"]),
        "source_prefix_ranges": _some([_cidr(text) for text in _PREFIXES]),
        "source_ports": _some([5000, 6000]),
    },
)
_infos = st.builds(
    _info,
    st.tuples(st.sampled_from(["10.1.2.3", "10.9.9.9", "192.168.0.1"]), st.sampled_from([80, 443, 90])),
    st.tuples(st.sampled_from(["10.1.2.3", "127.0.0.1", "192.168.0.1"]), st.sampled_from([5000, 7000])),
    st.sampled_from(["", "a.b.com", "x.b.com", "x.com", "c.org"]),
    st.sampled_from(["tls", "raw_buffer"]),
    st.lists(st.sampled_from(["h2", "http/1.1", "x"]), max_size=3, unique=True).map(tuple),
)


@given(st.lists(_matches, max_size=6), _infos)
def test_the_matcher_agrees_with_a_naive_model(matches: list[dict[str, Any]], info: ConnectionInfo) -> None:
    try:
        matcher = build_matcher(_candidates(*matches))
    except InvalidInput:
        return  # two of them overlap
    assert matcher.find(info) == _model(matches, info)
