"""The Mersenne Twister."""

from itertools import islice

from tulle.proxy.upstream.lb.mt19937 import numbers


def test_the_numbers_are_those_of_the_cpp_standard() -> None:
    drawn = list(islice(numbers(5489), 10000))
    assert (drawn[0], drawn[-1]) == (3499211612, 4123659995)


def test_a_seed_counts_by_its_lower_32_bits() -> None:
    assert list(islice(numbers(2**32 + 7), 3)) == list(islice(numbers(7), 3))
