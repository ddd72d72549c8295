"""The list of generators."""

from tests.mesh import CLIENT, HOST, REVIEWS, context_of
from tulle.controlplane.translate.generate import generate
from tulle.protos import type_urls


def test_the_same_content_has_the_same_version_and_other_content_another() -> None:
    first = generate(type_urls.CLUSTER, CLIENT, context_of(REVIEWS), None)
    again = generate(type_urls.CLUSTER, CLIENT, context_of(REVIEWS), None)
    assert first == again
    name = f"outbound|9080||{HOST}"
    before, after = (
        generate(type_urls.ENDPOINT, CLIENT, context_of(text), {name})[0].version
        for text in (REVIEWS, REVIEWS.replace("10.1.0.2", "10.1.0.3"))
    )
    assert before != after


def test_only_what_is_asked_for_is_made() -> None:
    context = context_of(REVIEWS)
    assert [item.name for item in generate(type_urls.ROUTE, CLIENT, context, {"9080", "junk"})] == ["9080"]
    assert generate(type_urls.ROUTE, CLIENT, context, None) == ()
    assert generate("type.googleapis.com/other", CLIENT, context, None) == ()
