"""Rules beyond types: each row breaks exactly what it names."""

import pytest

from tulle.api.loading import load_text

DESTINATION = "route: [{destination: {host: a}}]"
ROWS = [
    ("VirtualService", "{hosts: [], http: [{ROUTE}]}".replace("ROUTE", DESTINATION), ["spec.hosts"]),
    ("VirtualService", "{hosts: [a]}", ["spec"]),
    ("VirtualService", "{hosts: ['a b'], http: [{ROUTE}]}".replace("ROUTE", DESTINATION), ["spec.hosts[0]"]),
    (
        "VirtualService",
        "{hosts: [a], http: [{timeout: 5, ROUTE}]}".replace("ROUTE", DESTINATION),
        ["spec.http[0].timeout"],
    ),
    (
        "VirtualService",
        "{hosts: [a], http: [{timeout: 5 s, ROUTE}]}".replace("ROUTE", DESTINATION),
        ["spec.http[0].timeout"],
    ),
    (
        "VirtualService",
        "{hosts: [a], http: [{redirect: {uri: /}, ROUTE}]}".replace("ROUTE", DESTINATION),
        ["spec.http[0]"],
    ),
    ("VirtualService", "{hosts: [a], http: [{redirect: {redirectCode: 200}}]}", ["spec.http[0].redirect.redirectCode"]),
    ("VirtualService", "{hosts: [a], http: [{directResponse: {status: 99}}]}", ["spec.http[0].directResponse.status"]),
    (
        "VirtualService",
        "{hosts: [a], http: [{directResponse: {status: 200, body: {bytes: 'not base64!'}}}]}",
        ["spec.http[0].directResponse.body.bytes"],
    ),
    (
        "VirtualService",
        "{hosts: [a], http: [{directResponse: {status: 200, body: {string: a, bytes: 'é'}}}]}",
        ["spec.http[0].directResponse.body", "spec.http[0].directResponse.body.bytes"],
    ),
    (
        "VirtualService",
        f"{{hosts: [a], http: [{{directResponse: {{status: 200, body: {{string: {'a' * 1_048_577}}}}}}}]}}",
        ["spec.http[0].directResponse.body"],
    ),
    (
        "VirtualService",
        "{hosts: [a], http: [{match: [{uri: {exact: /, regex: '['}}], ROUTE}]}".replace("ROUTE", DESTINATION),
        ["spec.http[0].match[0].uri", "spec.http[0].match[0].uri.regex"],
    ),
    (
        "VirtualService",
        "{hosts: [a], http: [{route: [{destination: {host: a}}, {destination: {host: b}}]}]}",
        ["spec.http[0].route"],
    ),
    (
        "VirtualService",
        "{hosts: [a], http: [{match: [{uri: {regex: '/(?!a)'}}], ROUTE}]}".replace("ROUTE", DESTINATION),
        ["spec.http[0].match[0].uri.regex"],
    ),
    (
        "VirtualService",
        "{hosts: [a], http: [{retries: {perTryTimeout: 1us, retryOn: '5xx,resett,503,700'}, ROUTE}]}".replace(
            "ROUTE", DESTINATION
        ),
        ["spec.http[0].retries", *("spec.http[0].retries.perTryTimeout", *["spec.http[0].retries.retryOn"] * 2)],
    ),
    (
        "VirtualService",
        "{hosts: [a], http: [{match: [{uri: {regex: 'a{1,2000}'}, headers: {'b c': {}}, queryParams: {'': {}}}],"
        f" {DESTINATION}}}]}}",
        ["spec.http[0].match[0].uri.regex", "spec.http[0].match[0].headers.b c", "spec.http[0].match[0].queryParams."],
    ),
    (
        "VirtualService",
        "{hosts: [a], http: [{match: [{withoutHeaders: {'': {regex: '(a)\\1'}}}], ROUTE}]}".replace(
            "ROUTE", DESTINATION
        ),
        ["spec.http[0].match[0].withoutHeaders.", "spec.http[0].match[0].withoutHeaders..regex"],
    ),
    (
        "VirtualService",
        r"{hosts: [a], http: [{rewrite: {authority: a b, uriRegexRewrite: {match: '(a)', rewrite: '\1\9\x'}},"
        f" {DESTINATION}}}]}}",
        [
            "spec.http[0].rewrite.authority",
            "spec.http[0].rewrite.uriRegexRewrite.rewrite",
            "spec.http[0].rewrite.uriRegexRewrite.rewrite",
        ],
    ),
    (
        "VirtualService",
        "{hosts: [a], http: [{headers: {request: {set: {a: 100%}}},"
        " route: [{destination: {host: a}, headers: {response: {remove: [host]}}}]}]}",
        ["spec.http[0].route[0].headers.response.remove[0]", "spec.http[0].headers.request.set.a"],
    ),
    (
        "VirtualService",
        '{hosts: [a], http: [{redirect: {authority: a b, uri: "/\\n", port: 0, derivePort: FROM_REQUEST_PORT}}]}',
        [
            "spec.http[0].redirect",
            "spec.http[0].redirect.port",
            "spec.http[0].redirect.uri",
            "spec.http[0].redirect.authority",
        ],
    ),
    (
        "VirtualService",
        '{hosts: [a], http: [{match: [{uri: {regex: ""}}], rewrite: {uriRegexRewrite: {rewrite: "a\\n"}},'
        f" {DESTINATION}}}]}}",
        [
            "spec.http[0].match[0].uri.regex",
            "spec.http[0].rewrite.uriRegexRewrite.match",
            "spec.http[0].rewrite.uriRegexRewrite.rewrite",
        ],
    ),
    ("DestinationRule", "{host: a, subsets: [{name: v1}, {name: v1}]}", ["spec.subsets[1].name"]),
    (
        "DestinationRule",
        "{host: a, trafficPolicy: {connectionPool: {tcp: {connectTimeout: 0.1ms}}}}",
        ["spec.trafficPolicy.connectionPool.tcp.connectTimeout"],
    ),
    ("Gateway", "{servers: []}", ["spec.servers"]),
    (
        "Gateway",
        "{servers: [{port: {number: 99999, protocol: HTTPX, name: a}, hosts: []}]}",
        ["spec.servers[0].port.number", "spec.servers[0].port.protocol", "spec.servers[0].hosts"],
    ),
    ("Gateway", "{servers: [{port: {number: 443, protocol: HTTPS}, hosts: [a]}]}", ["spec.servers[0].tls"]),
    ("ServiceEntry", "{hosts: [a], addresses: [x]}", ["spec.addresses[0]"]),
    (
        "ServiceEntry",
        "{hosts: [a], resolution: STATIC, endpoints: [{address: b.example}]}",
        ["spec.endpoints[0].address"],
    ),
    ("WorkloadEntry", "{ports: {http: 0}}", ["spec.address", "spec.ports.http"]),
    ("Sidecar", "{egress: [{hosts: [a]}]}", ["spec.egress[0].hosts[0]"]),
    (
        "Sidecar",
        "{ingress: [{port: {number: 1, protocol: HTTP}, defaultEndpoint: 'a:b'}]}",
        ["spec.ingress[0].defaultEndpoint"],
    ),
]


@pytest.mark.parametrize(("kind", "spec", "paths"), ROWS)
def test_a_broken_rule_is_named_by_its_field(kind: str, spec: str, paths: list[str]) -> None:
    text = f"{{apiVersion: networking.istio.io/v1, kind: {kind}, metadata: {{name: x}}, spec: {spec}}}"
    result = load_text(text, "a.yaml")
    assert [problem.path for problem in result.problems if problem.severity == "error"] == paths
    assert result.resources == ()
