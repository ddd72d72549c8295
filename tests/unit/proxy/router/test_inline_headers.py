"""Headers that stand in one line."""

from tulle.proxy.router.inline_headers import OF_REQUESTS, OF_RESPONSES, one_line


def test_lines_are_joined_and_empty_ones_leave_nothing() -> None:
    assert one_line([b"a", b"", b"b"]) == b"a,b"
    assert one_line([b"", b"a"]) == b"a"
    assert one_line([b""]) == b""


def test_names_are_lower_case_and_cookies_stand_apart() -> None:
    assert all(name == name.lower() for name in OF_REQUESTS | OF_RESPONSES)
    assert not {b"cookie", b"set-cookie", b"accept-language"} & (OF_REQUESTS | OF_RESPONSES)
