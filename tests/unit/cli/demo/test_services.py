"""The services of the demo."""

from tulle.cli.demo.calls import Answer
from tulle.cli.demo.services import SERVICES, Instance, build_app, render_shop


def answer(body: bytes, status: int = 200) -> Answer:
    return Answer(status, body, {})


def test_the_shop_shows_stars_of_the_version_that_answered_and_escapes_what_it_shows() -> None:
    page = render_shop(
        {
            "catalog": answer(b'{"products": [{"title": "A <b>"}]}'),
            "reviews": answer(b'{"version": "v3", "stars": "red", "reviews": ["fine"]}'),
            "users": answer(b'{"name": "jason"}'),
        }
    )
    assert "A &lt;b&gt;" in page
    assert "color:red" in page
    assert "<b>v3</b>" in page


def test_the_shop_says_so_when_the_reviews_do_not_answer() -> None:
    page = render_shop({"catalog": answer(b""), "reviews": answer(b"", 503), "users": answer(b"{}")})
    assert "Reviews are not available (503)" in page


def test_every_service_can_be_built() -> None:
    for service in SERVICES:
        assert build_app(Instance(service, "v1", 1, "127.0.0.1", 2), 9080).routes
