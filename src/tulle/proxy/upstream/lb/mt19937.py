"""The Mersenne Twister as C++ seeds it: `std::mt19937(seed)`."""

from collections.abc import Iterator

_SIZE, _SHIFT = 624, 397


def numbers(seed: int) -> Iterator[int]:
    """32-bit numbers without end; Python's own generator is the same but for how it takes its seed."""
    state = [seed & 0xFFFFFFFF]
    for at in range(1, _SIZE):
        before = state[-1]
        state.append((1812433253 * (before ^ before >> 30) + at) & 0xFFFFFFFF)
    while True:
        for at in range(_SIZE):
            mixed = state[at] & 0x80000000 | state[(at + 1) % _SIZE] & 0x7FFFFFFF
            state[at] = state[(at + _SHIFT) % _SIZE] ^ mixed >> 1 ^ (0x9908B0DF if mixed & 1 else 0)
        for value in state:
            yield _temper(value)


def _temper(value: int) -> int:
    value ^= value >> 11
    value ^= value << 7 & 0x9D2C5680
    value ^= value << 15 & 0xEFC60000
    return value ^ value >> 18
