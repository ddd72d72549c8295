"""The ledger."""

from tulle.controlplane.xds.status import Ledger
from tulle.protos.type_urls import CLUSTER


def test_a_type_is_not_sent_then_stale_then_synced_or_in_error() -> None:
    ledger = Ledger(clock=lambda: 5.0)
    status = ledger.connect(1, "node")
    words = [status.as_dict()["CDS"]["status"]]  # type: ignore[index]
    ledger.sent(status, CLUSTER, "1", 3)
    words.append(status.types[CLUSTER].word)
    ledger.answered(status, CLUSTER, "1", "")
    words.append(status.types[CLUSTER].word)
    assert ledger.in_sync()
    ledger.sent(status, CLUSTER, "2", 3)
    ledger.answered(status, CLUSTER, "2", "bad")
    words.append(status.types[CLUSTER].word)
    assert words == ["NOT SENT", "STALE", "SYNCED", "ERROR"]
    assert (ledger.rejects, ledger.in_sync()) == (1, False)
    ledger.disconnect(1)
    assert ledger.proxies == {}
