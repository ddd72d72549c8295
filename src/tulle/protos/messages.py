"""THE LIST of messages that Tulle names; `messages.pyi`, made by `make golden`, gives their types."""

from google.protobuf.message import Message

from tulle.protos.pool import message_class

_CORE = "envoy.config.core.v3."
_ENDPOINT = "envoy.config.endpoint.v3."
_CLUSTER = "envoy.config.cluster.v3."
_LISTENER = "envoy.config.listener.v3."
_ROUTE = "envoy.config.route.v3."
_HCM = "envoy.extensions.filters.network.http_connection_manager.v3."
_HTTP = "envoy.extensions.filters.http."
_DISCOVERY = "envoy.service.discovery.v3."
_TLS = "envoy.extensions.transport_sockets.tls.v3."

MESSAGES: dict[str, str] = {
    # well-known types
    "Any": "google.protobuf.Any",
    "BoolValue": "google.protobuf.BoolValue",
    "BytesValue": "google.protobuf.BytesValue",
    "DoubleValue": "google.protobuf.DoubleValue",
    "Duration": "google.protobuf.Duration",
    "Empty": "google.protobuf.Empty",
    "StringValue": "google.protobuf.StringValue",
    "Struct": "google.protobuf.Struct",
    "Timestamp": "google.protobuf.Timestamp",
    "UInt32Value": "google.protobuf.UInt32Value",
    "UInt64Value": "google.protobuf.UInt64Value",
    "Value": "google.protobuf.Value",
    "RpcStatus": "google.rpc.Status",
    # bootstrap
    "Bootstrap": "envoy.config.bootstrap.v3.Bootstrap",
    "Admin": "envoy.config.bootstrap.v3.Admin",
    "Runtime": "envoy.config.bootstrap.v3.Runtime",
    "LayeredRuntime": "envoy.config.bootstrap.v3.LayeredRuntime",
    # core
    "Address": _CORE + "Address",
    "SocketAddress": _CORE + "SocketAddress",
    "Pipe": _CORE + "Pipe",
    "ApiConfigSource": _CORE + "ApiConfigSource",
    "AggregatedConfigSource": _CORE + "AggregatedConfigSource",
    "BuildVersion": _CORE + "BuildVersion",
    "ConfigSource": _CORE + "ConfigSource",
    "ControlPlane": _CORE + "ControlPlane",
    "DataSource": _CORE + "DataSource",
    "GrpcService": _CORE + "GrpcService",
    "HeaderMap": _CORE + "HeaderMap",
    "HeaderValue": _CORE + "HeaderValue",
    "HeaderValueOption": _CORE + "HeaderValueOption",
    "Http1ProtocolOptions": _CORE + "Http1ProtocolOptions",
    "Http2ProtocolOptions": _CORE + "Http2ProtocolOptions",
    "HttpProtocolOptionsCore": _CORE + "HttpProtocolOptions",
    "Locality": _CORE + "Locality",
    "Metadata": _CORE + "Metadata",
    "Node": _CORE + "Node",
    "RuntimeFractionalPercent": _CORE + "RuntimeFractionalPercent",
    "SocketOption": _CORE + "SocketOption",
    "TcpKeepalive": _CORE + "TcpKeepalive",
    "SubstitutionFormatString": _CORE + "SubstitutionFormatString",
    "TransportSocket": _CORE + "TransportSocket",
    "TypedExtensionConfig": _CORE + "TypedExtensionConfig",
    "CidrRange": _CORE + "CidrRange",
    # type
    "FractionalPercent": "envoy.type.v3.FractionalPercent",
    "Int64Range": "envoy.type.v3.Int64Range",
    "Percent": "envoy.type.v3.Percent",
    "RegexMatcher": "envoy.type.matcher.v3.RegexMatcher",
    "RegexMatchAndSubstitute": "envoy.type.matcher.v3.RegexMatchAndSubstitute",
    "StringMatcher": "envoy.type.matcher.v3.StringMatcher",
    # endpoints and clusters
    "ClusterLoadAssignment": _ENDPOINT + "ClusterLoadAssignment",
    "Endpoint": _ENDPOINT + "Endpoint",
    "LbEndpoint": _ENDPOINT + "LbEndpoint",
    "LocalityLbEndpoints": _ENDPOINT + "LocalityLbEndpoints",
    "Cluster": _CLUSTER + "Cluster",
    "CircuitBreakers": _CLUSTER + "CircuitBreakers",
    "OutlierDetection": _CLUSTER + "OutlierDetection",
    "HttpProtocolOptions": "envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
    # listeners
    "Filter": _LISTENER + "Filter",
    "FilterChain": _LISTENER + "FilterChain",
    "FilterChainMatch": _LISTENER + "FilterChainMatch",
    "Listener": _LISTENER + "Listener",
    "ListenerFilter": _LISTENER + "ListenerFilter",
    "ListenerFilterChainMatchPredicate": _LISTENER + "ListenerFilterChainMatchPredicate",
    "OriginalDst": "envoy.extensions.filters.listener.original_dst.v3.OriginalDst",
    "HttpInspector": "envoy.extensions.filters.listener.http_inspector.v3.HttpInspector",
    "TlsInspector": "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector",
    "ProxyProtocol": "envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol",
    "Echo": "envoy.extensions.filters.network.echo.v3.Echo",
    "SniCluster": "envoy.extensions.filters.network.sni_cluster.v3.SniCluster",
    "NetworkDirectResponse": "envoy.extensions.filters.network.direct_response.v3.Config",
    "TcpProxy": "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
    # TLS
    "CertificateValidationContext": _TLS + "CertificateValidationContext",
    "CommonTlsContext": _TLS + "CommonTlsContext",
    "DownstreamTlsContext": _TLS + "DownstreamTlsContext",
    "SubjectAltNameMatcher": _TLS + "SubjectAltNameMatcher",
    "TlsCertificate": _TLS + "TlsCertificate",
    "TlsParameters": _TLS + "TlsParameters",
    "UpstreamTlsContext": _TLS + "UpstreamTlsContext",
    "RawBuffer": "envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer",
    # HTTP
    "HttpConnectionManager": _HCM + "HttpConnectionManager",
    "LocalReplyConfig": _HCM + "LocalReplyConfig",
    "ResponseMapper": _HCM + "ResponseMapper",
    "HttpFilter": _HCM + "HttpFilter",
    "Rds": _HCM + "Rds",
    "Router": "envoy.extensions.filters.http.router.v3.Router",
    # other HTTP filters
    "HTTPFault": _HTTP + "fault.v3.HTTPFault",
    "FaultAbort": _HTTP + "fault.v3.FaultAbort",
    "FaultDelay": "envoy.extensions.filters.common.fault.v3.FaultDelay",
    "Cors": _HTTP + "cors.v3.Cors",
    "CorsSettings": _HTTP + "cors.v3.CorsPolicy",
    "HeaderMutation": _HTTP + "header_mutation.v3.HeaderMutation",
    "HeaderMutationPerRoute": _HTTP + "header_mutation.v3.HeaderMutationPerRoute",
    "HeaderMutations": _HTTP + "header_mutation.v3.Mutations",
    "HeaderMutationRule": "envoy.config.common.mutation_rules.v3.HeaderMutation",
    "KeyValueMutation": _CORE + "KeyValueMutation",
    "LocalRateLimit": _HTTP + "local_ratelimit.v3.LocalRateLimit",
    "TokenBucket": "envoy.type.v3.TokenBucket",
    "HttpRbac": _HTTP + "rbac.v3.RBAC",
    "HttpRbacPerRoute": _HTTP + "rbac.v3.RBACPerRoute",
    "RbacRules": "envoy.config.rbac.v3.RBAC",
    "RbacPolicy": "envoy.config.rbac.v3.Policy",
    "RbacPermission": "envoy.config.rbac.v3.Permission",
    "RbacPrincipal": "envoy.config.rbac.v3.Principal",
    "Int32Range": "envoy.type.v3.Int32Range",
    "MetadataMatcher": "envoy.type.matcher.v3.MetadataMatcher",
    "ValueMatcher": "envoy.type.matcher.v3.ValueMatcher",
    "Buffer": _HTTP + "buffer.v3.Buffer",
    "BufferPerRoute": _HTTP + "buffer.v3.BufferPerRoute",
    "HealthCheckFilter": _HTTP + "health_check.v3.HealthCheck",
    "AccessLog": "envoy.config.accesslog.v3.AccessLog",
    "AccessLogFilter": "envoy.config.accesslog.v3.AccessLogFilter",
    "ComparisonFilter": "envoy.config.accesslog.v3.ComparisonFilter",
    "FileAccessLog": "envoy.extensions.access_loggers.file.v3.FileAccessLog",
    "StdoutAccessLog": "envoy.extensions.access_loggers.stream.v3.StdoutAccessLog",
    "StderrAccessLog": "envoy.extensions.access_loggers.stream.v3.StderrAccessLog",
    # routes
    "CookieMatcher": _ROUTE + "CookieMatcher",
    "CorsPolicy": _ROUTE + "CorsPolicy",
    "DirectResponseAction": _ROUTE + "DirectResponseAction",
    "FilterConfig": _ROUTE + "FilterConfig",
    "HeaderMatcher": _ROUTE + "HeaderMatcher",
    "HedgePolicy": _ROUTE + "HedgePolicy",
    "InternalRedirectPolicy": _ROUTE + "InternalRedirectPolicy",
    "QueryParameterMatcher": _ROUTE + "QueryParameterMatcher",
    "RedirectAction": _ROUTE + "RedirectAction",
    "RetryPolicy": _ROUTE + "RetryPolicy",
    "Route": _ROUTE + "Route",
    "RouteAction": _ROUTE + "RouteAction",
    "RouteConfiguration": _ROUTE + "RouteConfiguration",
    "RouteMatch": _ROUTE + "RouteMatch",
    "VirtualCluster": _ROUTE + "VirtualCluster",
    "VirtualHost": _ROUTE + "VirtualHost",
    "WeightedCluster": _ROUTE + "WeightedCluster",
    "UriTemplateMatchConfig": "envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig",
    "UriTemplateRewriteConfig": "envoy.extensions.path.rewrite.uri_template.v3.UriTemplateRewriteConfig",
    # discovery
    "DeltaDiscoveryRequest": _DISCOVERY + "DeltaDiscoveryRequest",
    "DeltaDiscoveryResponse": _DISCOVERY + "DeltaDiscoveryResponse",
    "DiscoveryRequest": _DISCOVERY + "DiscoveryRequest",
    "DiscoveryResponse": _DISCOVERY + "DiscoveryResponse",
    "Resource": _DISCOVERY + "Resource",
    # admin
    "BootstrapConfigDump": "envoy.admin.v3.BootstrapConfigDump",
    "ClustersConfigDump": "envoy.admin.v3.ClustersConfigDump",
    "ConfigDump": "envoy.admin.v3.ConfigDump",
    "EndpointsConfigDump": "envoy.admin.v3.EndpointsConfigDump",
    "ListenersConfigDump": "envoy.admin.v3.ListenersConfigDump",
    "RoutesConfigDump": "envoy.admin.v3.RoutesConfigDump",
    "ScopedRoutesConfigDump": "envoy.admin.v3.ScopedRoutesConfigDump",
    "SecretsConfigDump": "envoy.admin.v3.SecretsConfigDump",
    "UpdateFailureState": "envoy.admin.v3.UpdateFailureState",
    "StatsConfig": "envoy.config.metrics.v3.StatsConfig",
    "Clusters": "envoy.admin.v3.Clusters",
    "Listeners": "envoy.admin.v3.Listeners",
    "ServerInfo": "envoy.admin.v3.ServerInfo",
}


def __getattr__(name: str) -> type[Message]:
    """The class behind a name of the list, looked up when it is first imported."""
    full_name = MESSAGES.get(name)
    if full_name is None:
        raise AttributeError(f"module {__name__!r} has no message {name!r}: add it to MESSAGES")
    found = message_class(full_name)
    globals()[name] = found
    return found
