"""Type URLs and their order."""

from tulle.protos import type_urls
from tulle.protos.pool import class_of_type_url


def test_what_is_referred_to_is_sent_before_what_refers_to_it() -> None:
    order = [type_urls.SHORT_NAMES[url] for url in type_urls.SEND_ORDER]
    assert order == ["CDS", "EDS", "LDS", "RDS", "SDS"]


def test_every_type_url_is_a_message_of_the_api() -> None:
    assert all(class_of_type_url(url) for url in type_urls.SEND_ORDER)
