"""The data path on fake transports, for all tests of HTTP."""

from tests.support.http_bench import bench

__all__ = ["bench"]
