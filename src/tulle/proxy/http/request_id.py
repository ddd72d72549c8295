"""Request ids: random UUIDs whose fourteenth digit tells the reason of a trace (Envoy: request_id extension, uuid)."""


def new_request_id(random: int) -> bytes:
    """From 128 random bits; `4` at the fourteenth place: the request is not traced."""
    digits = b"%032x" % random
    return b"%b-%b-4%b-%x%b-%b" % (
        digits[:8],
        digits[8:12],
        digits[13:16],
        8 | (digits[16] & 3),
        digits[17:20],
        digits[20:],
    )
