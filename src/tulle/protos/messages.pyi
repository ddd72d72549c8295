"""Made by scripts/make_stubs.py from MESSAGES in messages.py."""

from google.protobuf.any_pb2 import Any as Any
from google.protobuf.duration_pb2 import Duration as Duration
from google.protobuf.empty_pb2 import Empty as Empty
from google.protobuf.struct_pb2 import Struct as Struct
from google.protobuf.struct_pb2 import Value as Value
from google.protobuf.timestamp_pb2 import Timestamp as Timestamp
from google.protobuf.wrappers_pb2 import BoolValue as BoolValue
from google.protobuf.wrappers_pb2 import BytesValue as BytesValue
from google.protobuf.wrappers_pb2 import DoubleValue as DoubleValue
from google.protobuf.wrappers_pb2 import StringValue as StringValue
from google.protobuf.wrappers_pb2 import UInt32Value as UInt32Value
from google.protobuf.wrappers_pb2 import UInt64Value as UInt64Value
from tulle.protos.stubs.envoy.admin.v3.clusters_pb2 import Clusters as Clusters
from tulle.protos.stubs.envoy.admin.v3.config_dump_pb2 import BootstrapConfigDump as BootstrapConfigDump
from tulle.protos.stubs.envoy.admin.v3.config_dump_pb2 import ConfigDump as ConfigDump
from tulle.protos.stubs.envoy.admin.v3.config_dump_pb2 import SecretsConfigDump as SecretsConfigDump
from tulle.protos.stubs.envoy.admin.v3.config_dump_shared_pb2 import ClustersConfigDump as ClustersConfigDump
from tulle.protos.stubs.envoy.admin.v3.config_dump_shared_pb2 import EndpointsConfigDump as EndpointsConfigDump
from tulle.protos.stubs.envoy.admin.v3.config_dump_shared_pb2 import ListenersConfigDump as ListenersConfigDump
from tulle.protos.stubs.envoy.admin.v3.config_dump_shared_pb2 import RoutesConfigDump as RoutesConfigDump
from tulle.protos.stubs.envoy.admin.v3.config_dump_shared_pb2 import ScopedRoutesConfigDump as ScopedRoutesConfigDump
from tulle.protos.stubs.envoy.admin.v3.config_dump_shared_pb2 import UpdateFailureState as UpdateFailureState
from tulle.protos.stubs.envoy.admin.v3.listeners_pb2 import Listeners as Listeners
from tulle.protos.stubs.envoy.admin.v3.server_info_pb2 import ServerInfo as ServerInfo
from tulle.protos.stubs.envoy.config.accesslog.v3.accesslog_pb2 import AccessLog as AccessLog
from tulle.protos.stubs.envoy.config.accesslog.v3.accesslog_pb2 import AccessLogFilter as AccessLogFilter
from tulle.protos.stubs.envoy.config.accesslog.v3.accesslog_pb2 import ComparisonFilter as ComparisonFilter
from tulle.protos.stubs.envoy.config.bootstrap.v3.bootstrap_pb2 import Admin as Admin
from tulle.protos.stubs.envoy.config.bootstrap.v3.bootstrap_pb2 import Bootstrap as Bootstrap
from tulle.protos.stubs.envoy.config.bootstrap.v3.bootstrap_pb2 import LayeredRuntime as LayeredRuntime
from tulle.protos.stubs.envoy.config.bootstrap.v3.bootstrap_pb2 import Runtime as Runtime
from tulle.protos.stubs.envoy.config.cluster.v3.circuit_breaker_pb2 import CircuitBreakers as CircuitBreakers
from tulle.protos.stubs.envoy.config.cluster.v3.cluster_pb2 import Cluster as Cluster
from tulle.protos.stubs.envoy.config.cluster.v3.outlier_detection_pb2 import OutlierDetection as OutlierDetection
from tulle.protos.stubs.envoy.config.common.mutation_rules.v3.mutation_rules_pb2 import HeaderMutation as HeaderMutationRule
from tulle.protos.stubs.envoy.config.core.v3.address_pb2 import Address as Address
from tulle.protos.stubs.envoy.config.core.v3.address_pb2 import CidrRange as CidrRange
from tulle.protos.stubs.envoy.config.core.v3.address_pb2 import Pipe as Pipe
from tulle.protos.stubs.envoy.config.core.v3.address_pb2 import SocketAddress as SocketAddress
from tulle.protos.stubs.envoy.config.core.v3.address_pb2 import TcpKeepalive as TcpKeepalive
from tulle.protos.stubs.envoy.config.core.v3.base_pb2 import BuildVersion as BuildVersion
from tulle.protos.stubs.envoy.config.core.v3.base_pb2 import ControlPlane as ControlPlane
from tulle.protos.stubs.envoy.config.core.v3.base_pb2 import DataSource as DataSource
from tulle.protos.stubs.envoy.config.core.v3.base_pb2 import HeaderMap as HeaderMap
from tulle.protos.stubs.envoy.config.core.v3.base_pb2 import HeaderValue as HeaderValue
from tulle.protos.stubs.envoy.config.core.v3.base_pb2 import HeaderValueOption as HeaderValueOption
from tulle.protos.stubs.envoy.config.core.v3.base_pb2 import KeyValueMutation as KeyValueMutation
from tulle.protos.stubs.envoy.config.core.v3.base_pb2 import Locality as Locality
from tulle.protos.stubs.envoy.config.core.v3.base_pb2 import Metadata as Metadata
from tulle.protos.stubs.envoy.config.core.v3.base_pb2 import Node as Node
from tulle.protos.stubs.envoy.config.core.v3.base_pb2 import RuntimeFractionalPercent as RuntimeFractionalPercent
from tulle.protos.stubs.envoy.config.core.v3.base_pb2 import TransportSocket as TransportSocket
from tulle.protos.stubs.envoy.config.core.v3.config_source_pb2 import AggregatedConfigSource as AggregatedConfigSource
from tulle.protos.stubs.envoy.config.core.v3.config_source_pb2 import ApiConfigSource as ApiConfigSource
from tulle.protos.stubs.envoy.config.core.v3.config_source_pb2 import ConfigSource as ConfigSource
from tulle.protos.stubs.envoy.config.core.v3.extension_pb2 import TypedExtensionConfig as TypedExtensionConfig
from tulle.protos.stubs.envoy.config.core.v3.grpc_service_pb2 import GrpcService as GrpcService
from tulle.protos.stubs.envoy.config.core.v3.protocol_pb2 import Http1ProtocolOptions as Http1ProtocolOptions
from tulle.protos.stubs.envoy.config.core.v3.protocol_pb2 import Http2ProtocolOptions as Http2ProtocolOptions
from tulle.protos.stubs.envoy.config.core.v3.protocol_pb2 import HttpProtocolOptions as HttpProtocolOptionsCore
from tulle.protos.stubs.envoy.config.core.v3.socket_option_pb2 import SocketOption as SocketOption
from tulle.protos.stubs.envoy.config.core.v3.substitution_format_string_pb2 import SubstitutionFormatString as SubstitutionFormatString
from tulle.protos.stubs.envoy.config.endpoint.v3.endpoint_components_pb2 import Endpoint as Endpoint
from tulle.protos.stubs.envoy.config.endpoint.v3.endpoint_components_pb2 import LbEndpoint as LbEndpoint
from tulle.protos.stubs.envoy.config.endpoint.v3.endpoint_components_pb2 import LocalityLbEndpoints as LocalityLbEndpoints
from tulle.protos.stubs.envoy.config.endpoint.v3.endpoint_pb2 import ClusterLoadAssignment as ClusterLoadAssignment
from tulle.protos.stubs.envoy.config.listener.v3.listener_components_pb2 import Filter as Filter
from tulle.protos.stubs.envoy.config.listener.v3.listener_components_pb2 import FilterChain as FilterChain
from tulle.protos.stubs.envoy.config.listener.v3.listener_components_pb2 import FilterChainMatch as FilterChainMatch
from tulle.protos.stubs.envoy.config.listener.v3.listener_components_pb2 import ListenerFilter as ListenerFilter
from tulle.protos.stubs.envoy.config.listener.v3.listener_components_pb2 import ListenerFilterChainMatchPredicate as ListenerFilterChainMatchPredicate
from tulle.protos.stubs.envoy.config.listener.v3.listener_pb2 import Listener as Listener
from tulle.protos.stubs.envoy.config.metrics.v3.stats_pb2 import StatsConfig as StatsConfig
from tulle.protos.stubs.envoy.config.rbac.v3.rbac_pb2 import Permission as RbacPermission
from tulle.protos.stubs.envoy.config.rbac.v3.rbac_pb2 import Policy as RbacPolicy
from tulle.protos.stubs.envoy.config.rbac.v3.rbac_pb2 import Principal as RbacPrincipal
from tulle.protos.stubs.envoy.config.rbac.v3.rbac_pb2 import RBAC as RbacRules
from tulle.protos.stubs.envoy.config.route.v3.route_components_pb2 import CookieMatcher as CookieMatcher
from tulle.protos.stubs.envoy.config.route.v3.route_components_pb2 import CorsPolicy as CorsPolicy
from tulle.protos.stubs.envoy.config.route.v3.route_components_pb2 import DirectResponseAction as DirectResponseAction
from tulle.protos.stubs.envoy.config.route.v3.route_components_pb2 import FilterConfig as FilterConfig
from tulle.protos.stubs.envoy.config.route.v3.route_components_pb2 import HeaderMatcher as HeaderMatcher
from tulle.protos.stubs.envoy.config.route.v3.route_components_pb2 import HedgePolicy as HedgePolicy
from tulle.protos.stubs.envoy.config.route.v3.route_components_pb2 import InternalRedirectPolicy as InternalRedirectPolicy
from tulle.protos.stubs.envoy.config.route.v3.route_components_pb2 import QueryParameterMatcher as QueryParameterMatcher
from tulle.protos.stubs.envoy.config.route.v3.route_components_pb2 import RedirectAction as RedirectAction
from tulle.protos.stubs.envoy.config.route.v3.route_components_pb2 import RetryPolicy as RetryPolicy
from tulle.protos.stubs.envoy.config.route.v3.route_components_pb2 import Route as Route
from tulle.protos.stubs.envoy.config.route.v3.route_components_pb2 import RouteAction as RouteAction
from tulle.protos.stubs.envoy.config.route.v3.route_components_pb2 import RouteMatch as RouteMatch
from tulle.protos.stubs.envoy.config.route.v3.route_components_pb2 import VirtualCluster as VirtualCluster
from tulle.protos.stubs.envoy.config.route.v3.route_components_pb2 import VirtualHost as VirtualHost
from tulle.protos.stubs.envoy.config.route.v3.route_components_pb2 import WeightedCluster as WeightedCluster
from tulle.protos.stubs.envoy.config.route.v3.route_pb2 import RouteConfiguration as RouteConfiguration
from tulle.protos.stubs.envoy.extensions.access_loggers.file.v3.file_pb2 import FileAccessLog as FileAccessLog
from tulle.protos.stubs.envoy.extensions.access_loggers.stream.v3.stream_pb2 import StderrAccessLog as StderrAccessLog
from tulle.protos.stubs.envoy.extensions.access_loggers.stream.v3.stream_pb2 import StdoutAccessLog as StdoutAccessLog
from tulle.protos.stubs.envoy.extensions.filters.common.fault.v3.fault_pb2 import FaultDelay as FaultDelay
from tulle.protos.stubs.envoy.extensions.filters.http.buffer.v3.buffer_pb2 import Buffer as Buffer
from tulle.protos.stubs.envoy.extensions.filters.http.buffer.v3.buffer_pb2 import BufferPerRoute as BufferPerRoute
from tulle.protos.stubs.envoy.extensions.filters.http.cors.v3.cors_pb2 import Cors as Cors
from tulle.protos.stubs.envoy.extensions.filters.http.cors.v3.cors_pb2 import CorsPolicy as CorsSettings
from tulle.protos.stubs.envoy.extensions.filters.http.fault.v3.fault_pb2 import FaultAbort as FaultAbort
from tulle.protos.stubs.envoy.extensions.filters.http.fault.v3.fault_pb2 import HTTPFault as HTTPFault
from tulle.protos.stubs.envoy.extensions.filters.http.header_mutation.v3.header_mutation_pb2 import HeaderMutation as HeaderMutation
from tulle.protos.stubs.envoy.extensions.filters.http.header_mutation.v3.header_mutation_pb2 import HeaderMutationPerRoute as HeaderMutationPerRoute
from tulle.protos.stubs.envoy.extensions.filters.http.header_mutation.v3.header_mutation_pb2 import Mutations as HeaderMutations
from tulle.protos.stubs.envoy.extensions.filters.http.health_check.v3.health_check_pb2 import HealthCheck as HealthCheckFilter
from tulle.protos.stubs.envoy.extensions.filters.http.local_ratelimit.v3.local_rate_limit_pb2 import LocalRateLimit as LocalRateLimit
from tulle.protos.stubs.envoy.extensions.filters.http.rbac.v3.rbac_pb2 import RBAC as HttpRbac
from tulle.protos.stubs.envoy.extensions.filters.http.rbac.v3.rbac_pb2 import RBACPerRoute as HttpRbacPerRoute
from tulle.protos.stubs.envoy.extensions.filters.http.router.v3.router_pb2 import Router as Router
from tulle.protos.stubs.envoy.extensions.filters.listener.http_inspector.v3.http_inspector_pb2 import HttpInspector as HttpInspector
from tulle.protos.stubs.envoy.extensions.filters.listener.original_dst.v3.original_dst_pb2 import OriginalDst as OriginalDst
from tulle.protos.stubs.envoy.extensions.filters.listener.proxy_protocol.v3.proxy_protocol_pb2 import ProxyProtocol as ProxyProtocol
from tulle.protos.stubs.envoy.extensions.filters.listener.tls_inspector.v3.tls_inspector_pb2 import TlsInspector as TlsInspector
from tulle.protos.stubs.envoy.extensions.filters.network.direct_response.v3.config_pb2 import Config as NetworkDirectResponse
from tulle.protos.stubs.envoy.extensions.filters.network.echo.v3.echo_pb2 import Echo as Echo
from tulle.protos.stubs.envoy.extensions.filters.network.http_connection_manager.v3.http_connection_manager_pb2 import HttpConnectionManager as HttpConnectionManager
from tulle.protos.stubs.envoy.extensions.filters.network.http_connection_manager.v3.http_connection_manager_pb2 import HttpFilter as HttpFilter
from tulle.protos.stubs.envoy.extensions.filters.network.http_connection_manager.v3.http_connection_manager_pb2 import LocalReplyConfig as LocalReplyConfig
from tulle.protos.stubs.envoy.extensions.filters.network.http_connection_manager.v3.http_connection_manager_pb2 import Rds as Rds
from tulle.protos.stubs.envoy.extensions.filters.network.http_connection_manager.v3.http_connection_manager_pb2 import ResponseMapper as ResponseMapper
from tulle.protos.stubs.envoy.extensions.filters.network.sni_cluster.v3.sni_cluster_pb2 import SniCluster as SniCluster
from tulle.protos.stubs.envoy.extensions.filters.network.tcp_proxy.v3.tcp_proxy_pb2 import TcpProxy as TcpProxy
from tulle.protos.stubs.envoy.extensions.path.match.uri_template.v3.uri_template_match_pb2 import UriTemplateMatchConfig as UriTemplateMatchConfig
from tulle.protos.stubs.envoy.extensions.path.rewrite.uri_template.v3.uri_template_rewrite_pb2 import UriTemplateRewriteConfig as UriTemplateRewriteConfig
from tulle.protos.stubs.envoy.extensions.transport_sockets.raw_buffer.v3.raw_buffer_pb2 import RawBuffer as RawBuffer
from tulle.protos.stubs.envoy.extensions.transport_sockets.tls.v3.common_pb2 import CertificateValidationContext as CertificateValidationContext
from tulle.protos.stubs.envoy.extensions.transport_sockets.tls.v3.common_pb2 import SubjectAltNameMatcher as SubjectAltNameMatcher
from tulle.protos.stubs.envoy.extensions.transport_sockets.tls.v3.common_pb2 import TlsCertificate as TlsCertificate
from tulle.protos.stubs.envoy.extensions.transport_sockets.tls.v3.common_pb2 import TlsParameters as TlsParameters
from tulle.protos.stubs.envoy.extensions.transport_sockets.tls.v3.tls_pb2 import CommonTlsContext as CommonTlsContext
from tulle.protos.stubs.envoy.extensions.transport_sockets.tls.v3.tls_pb2 import DownstreamTlsContext as DownstreamTlsContext
from tulle.protos.stubs.envoy.extensions.transport_sockets.tls.v3.tls_pb2 import UpstreamTlsContext as UpstreamTlsContext
from tulle.protos.stubs.envoy.extensions.upstreams.http.v3.http_protocol_options_pb2 import HttpProtocolOptions as HttpProtocolOptions
from tulle.protos.stubs.envoy.service.discovery.v3.discovery_pb2 import DeltaDiscoveryRequest as DeltaDiscoveryRequest
from tulle.protos.stubs.envoy.service.discovery.v3.discovery_pb2 import DeltaDiscoveryResponse as DeltaDiscoveryResponse
from tulle.protos.stubs.envoy.service.discovery.v3.discovery_pb2 import DiscoveryRequest as DiscoveryRequest
from tulle.protos.stubs.envoy.service.discovery.v3.discovery_pb2 import DiscoveryResponse as DiscoveryResponse
from tulle.protos.stubs.envoy.service.discovery.v3.discovery_pb2 import Resource as Resource
from tulle.protos.stubs.envoy.type.matcher.v3.metadata_pb2 import MetadataMatcher as MetadataMatcher
from tulle.protos.stubs.envoy.type.matcher.v3.regex_pb2 import RegexMatchAndSubstitute as RegexMatchAndSubstitute
from tulle.protos.stubs.envoy.type.matcher.v3.regex_pb2 import RegexMatcher as RegexMatcher
from tulle.protos.stubs.envoy.type.matcher.v3.string_pb2 import StringMatcher as StringMatcher
from tulle.protos.stubs.envoy.type.matcher.v3.value_pb2 import ValueMatcher as ValueMatcher
from tulle.protos.stubs.envoy.type.v3.percent_pb2 import FractionalPercent as FractionalPercent
from tulle.protos.stubs.envoy.type.v3.percent_pb2 import Percent as Percent
from tulle.protos.stubs.envoy.type.v3.range_pb2 import Int32Range as Int32Range
from tulle.protos.stubs.envoy.type.v3.range_pb2 import Int64Range as Int64Range
from tulle.protos.stubs.envoy.type.v3.token_bucket_pb2 import TokenBucket as TokenBucket
from tulle.protos.stubs.google.rpc.status_pb2 import Status as RpcStatus

__all__ = [
    "AccessLog",
    "AccessLogFilter",
    "Address",
    "Admin",
    "AggregatedConfigSource",
    "Any",
    "ApiConfigSource",
    "BoolValue",
    "Bootstrap",
    "BootstrapConfigDump",
    "Buffer",
    "BufferPerRoute",
    "BuildVersion",
    "BytesValue",
    "CertificateValidationContext",
    "CidrRange",
    "CircuitBreakers",
    "Cluster",
    "ClusterLoadAssignment",
    "Clusters",
    "ClustersConfigDump",
    "CommonTlsContext",
    "ComparisonFilter",
    "ConfigDump",
    "ConfigSource",
    "ControlPlane",
    "CookieMatcher",
    "Cors",
    "CorsPolicy",
    "CorsSettings",
    "DataSource",
    "DeltaDiscoveryRequest",
    "DeltaDiscoveryResponse",
    "DirectResponseAction",
    "DiscoveryRequest",
    "DiscoveryResponse",
    "DoubleValue",
    "DownstreamTlsContext",
    "Duration",
    "Echo",
    "Empty",
    "Endpoint",
    "EndpointsConfigDump",
    "FaultAbort",
    "FaultDelay",
    "FileAccessLog",
    "Filter",
    "FilterChain",
    "FilterChainMatch",
    "FilterConfig",
    "FractionalPercent",
    "GrpcService",
    "HTTPFault",
    "HeaderMap",
    "HeaderMatcher",
    "HeaderMutation",
    "HeaderMutationPerRoute",
    "HeaderMutationRule",
    "HeaderMutations",
    "HeaderValue",
    "HeaderValueOption",
    "HealthCheckFilter",
    "HedgePolicy",
    "Http1ProtocolOptions",
    "Http2ProtocolOptions",
    "HttpConnectionManager",
    "HttpFilter",
    "HttpInspector",
    "HttpProtocolOptions",
    "HttpProtocolOptionsCore",
    "HttpRbac",
    "HttpRbacPerRoute",
    "Int32Range",
    "Int64Range",
    "InternalRedirectPolicy",
    "KeyValueMutation",
    "LayeredRuntime",
    "LbEndpoint",
    "Listener",
    "ListenerFilter",
    "ListenerFilterChainMatchPredicate",
    "Listeners",
    "ListenersConfigDump",
    "LocalRateLimit",
    "LocalReplyConfig",
    "Locality",
    "LocalityLbEndpoints",
    "MESSAGES",
    "Metadata",
    "MetadataMatcher",
    "NetworkDirectResponse",
    "Node",
    "OriginalDst",
    "OutlierDetection",
    "Percent",
    "Pipe",
    "ProxyProtocol",
    "QueryParameterMatcher",
    "RawBuffer",
    "RbacPermission",
    "RbacPolicy",
    "RbacPrincipal",
    "RbacRules",
    "Rds",
    "RedirectAction",
    "RegexMatchAndSubstitute",
    "RegexMatcher",
    "Resource",
    "ResponseMapper",
    "RetryPolicy",
    "Route",
    "RouteAction",
    "RouteConfiguration",
    "RouteMatch",
    "Router",
    "RoutesConfigDump",
    "RpcStatus",
    "Runtime",
    "RuntimeFractionalPercent",
    "ScopedRoutesConfigDump",
    "SecretsConfigDump",
    "ServerInfo",
    "SniCluster",
    "SocketAddress",
    "SocketOption",
    "StatsConfig",
    "StderrAccessLog",
    "StdoutAccessLog",
    "StringMatcher",
    "StringValue",
    "Struct",
    "SubjectAltNameMatcher",
    "SubstitutionFormatString",
    "TcpKeepalive",
    "TcpProxy",
    "Timestamp",
    "TlsCertificate",
    "TlsInspector",
    "TlsParameters",
    "TokenBucket",
    "TransportSocket",
    "TypedExtensionConfig",
    "UInt32Value",
    "UInt64Value",
    "UpdateFailureState",
    "UpstreamTlsContext",
    "UriTemplateMatchConfig",
    "UriTemplateRewriteConfig",
    "Value",
    "ValueMatcher",
    "VirtualCluster",
    "VirtualHost",
    "WeightedCluster",
]

MESSAGES: dict[str, str]
