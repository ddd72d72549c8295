"""Request ids."""

import re
from random import Random

from tulle.proxy.http.request_id import new_request_id


def test_an_id_is_a_random_uuid_that_is_not_traced() -> None:
    draw = Random(1).getrandbits
    ids = [new_request_id(draw(128)) for _ in range(200)]
    assert len(set(ids)) == 200
    pattern = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
    assert all(pattern.fullmatch(each) for each in ids)


def test_the_ends_of_the_range_have_the_same_form() -> None:
    assert new_request_id(0) == b"00000000-0000-4000-8000-000000000000"
    assert len(new_request_id(2**128 - 1)) == 36
