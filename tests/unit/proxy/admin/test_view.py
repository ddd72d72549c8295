"""The view."""

from tests.support.fake_proxy import FakeProxy
from tulle.proxy.admin.view import ProxyView


def test_the_fake_of_the_other_tests_is_a_view() -> None:
    proxy: ProxyView = FakeProxy()
    assert proxy.state == "LIVE"
