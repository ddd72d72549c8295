"""MurmurHash2 for 64 bits, as the C++ library hashes strings (Envoy: murmur_hash.cc)."""

_SEED = 0xC70F6907
_FACTOR = 0xC6A4A7935BD1E995
_MASK = 0xFFFFFFFFFFFFFFFF


def murmur_hash2(data: bytes, seed: int = _SEED) -> int:
    """The hash of `data`."""
    whole = len(data) & ~7
    result = seed ^ len(data) * _FACTOR & _MASK
    for at in range(0, whole, 8):
        part = int.from_bytes(data[at : at + 8], "little") * _FACTOR & _MASK
        part = (part ^ part >> 47) * _FACTOR & _MASK
        result = (result ^ part) * _FACTOR & _MASK
    if len(data) > whole:
        result = (result ^ int.from_bytes(data[whole:], "little")) * _FACTOR & _MASK
    result = (result ^ result >> 47) * _FACTOR & _MASK
    return result ^ result >> 47
