"""What `inspect` may answer."""

from tulle.proxy.listener.listener_filter import MORE, REFUSE


def test_no_answer_can_be_taken_for_a_number_of_bytes() -> None:
    assert MORE < 0
    assert REFUSE < 0
    assert MORE != REFUSE
