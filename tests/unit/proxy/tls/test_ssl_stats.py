"""`ssl.*`."""

from tests.support.tls_peers import Conversation, recipe
from tulle.proxy.telemetry.stats import StatsStore
from tulle.proxy.tls.ssl_stats import SslStats


def test_handshakes_and_failures_are_counted_under_envoys_names() -> None:
    store = StatsStore()
    stats = SslStats(store, "listener.a.ssl.")
    conversation = Conversation(recipe(True, max_version=3), recipe(False, max_version=3))
    conversation.pump()
    for has_certificate in (True, False):
        stats.count_handshake(conversation.tls.connection, has_certificate)
    stats.count_failure("fail_verify_san")
    stats.count_failure("")
    counters = {name: value for name, value in store.snapshot().counters.items() if value}
    assert counters == {
        "listener.a.ssl.handshake": 2,
        "listener.a.ssl.no_certificate": 1,
        "listener.a.ssl.fail_verify_san": 1,
        "listener.a.ssl.versions.TLSv1.2": 2,
        "listener.a.ssl.ciphers.ECDHE-ECDSA-AES128-GCM-SHA256": 2,
    }
