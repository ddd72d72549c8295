"""The services of the demo."""

from starlette.requests import Request

from tulle.cli.demo.calls import Answer
from tulle.cli.demo.services import PRODUCTS, SERVICES, Instance, build_app, product_of, render_shop, signed_in


def answer(body: bytes, status: int = 200) -> Answer:
    return Answer(status, body, {})


def test_the_shop_shows_stars_of_the_version_that_answered_and_escapes_what_it_shows() -> None:
    page = render_shop(
        {
            "catalog": answer(b'{"products": [{"title": "A <b>"}]}'),
            "reviews": answer(b'{"version": "v3", "stars": "red", "ratings": {"r": 4}, "reviews": ["fine"]}'),
            "users": answer(b'{"name": "jason"}'),
        },
        0,
    )
    assert "A &lt;b&gt;" in page
    assert "<span class='stars red'>★★★★</span>" in page
    assert "<b>v3</b>" in page


def test_the_shop_says_so_when_the_reviews_do_not_answer() -> None:
    page = render_shop({"catalog": answer(b""), "reviews": answer(b"", 503), "users": answer(b"{}")}, 3)
    assert "Reviews are not available (503)" in page


def test_a_product_that_makes_no_sense_is_the_first() -> None:
    def product(query: bytes) -> int:
        return product_of(Request({"type": "http", "query_string": query}))

    assert product(b"product=7") == 7
    assert product(b"product=x") == product(b"") == 0
    assert product(b"product=999") < len(PRODUCTS)


def test_a_browser_signs_in_by_a_cookie_and_a_header_counts_more() -> None:
    def user(*headers: tuple[bytes, bytes]) -> str:
        return signed_in(Request({"type": "http", "headers": list(headers)}))

    assert user((b"cookie", b"user=jason")) == "jason"
    assert user((b"cookie", b"user=jason"), (b"end-user", b"mary")) == "mary"
    assert user() == ""


def test_every_service_can_be_built() -> None:
    for service in SERVICES:
        assert build_app(Instance(service, "v1", 1, "127.0.0.1", 2), 9080).routes
