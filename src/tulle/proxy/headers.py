"""The header fields of one HTTP message, as every part of the data path reads and changes them."""

from collections.abc import Iterable, Iterator

Field = tuple[bytes, bytes]

_DIGITS, _MAX_UINT64 = 20, 2**64 - 1


def whole_number(value: bytes | None, most: int = _MAX_UINT64) -> int | None:
    """The number that a field's value says, as absl::SimpleAtoi reads it; None when it says none, or one above `most`.

    Python refuses to read thousands of digits, so they are counted first.
    """
    if value is None:
        return None
    value = value.strip()
    if not value.isdigit():
        return None
    if len(value) > _DIGITS:
        value = value.lstrip(b"0")[: _DIGITS + 1] or b"0"
    number = int(value)
    return number if number <= most else None


class Headers(dict[bytes, bytes]):
    """Lower-case names → the first value of each; pseudo headers (`:path` …) stand first, under their own names.

    Reading is a plain dict's: `headers.get(b"host")`. A name that came more than once has its further values in `more`,
    which is None for almost all messages. `headers[name] = value` is for names that are known to stand once; `set`,
    `add`, `remove` and `values_of` know of the others.
    """

    more: list[Field] | None = None

    @classmethod
    def of(cls, fields: Iterable[Field]) -> "Headers":
        """From fields in the order of the wire, names in lower case."""
        listed = fields if isinstance(fields, list | tuple) else list(fields)
        headers = cls(listed)
        if len(headers) != len(listed):
            headers.clear()
            for name, value in listed:
                headers.add(name, value)
        return headers

    def add(self, name: bytes, value: bytes) -> None:
        """One more value of this name."""
        if name not in self:
            self[name] = value
        elif self.more is None:
            self.more = [(name, value)]
        else:
            self.more.append((name, value))

    def gather(self, name: bytes, value: bytes, joined: frozenset[bytes]) -> None:
        """One more value from the wire; names in `joined` stand in one line, with commas between the values."""
        if name in joined and name in self:
            self[name] = self[name] + b"," + value
        else:
            self.add(name, value)

    def set(self, name: bytes, value: bytes) -> None:
        """This value, and no other, under this name."""
        self[name] = value
        if self.more is not None:
            self._drop_more(name)

    def remove(self, name: bytes) -> bool:
        """Takes every value of this name out; whether there was one."""
        if self.pop(name, None) is None:
            return False
        if self.more is not None:
            self._drop_more(name)
        return True

    def _drop_more(self, name: bytes) -> None:
        kept = [field for field in self.more or () if field[0] != name]
        self.more = kept or None

    def values_of(self, name: bytes) -> list[bytes]:
        """All values of this name, in their order."""
        first = self.get(name)
        if first is None:
            return []
        if self.more is None:
            return [first]
        return [first, *(value for other, value in self.more if other == name)]

    def joined(self, name: bytes) -> bytes | None:
        """All values of this name with a comma between them; None when there is none (RFC 9110 § 5.2)."""
        if self.more is None:
            return self.get(name)
        values = self.values_of(name)
        return b",".join(values) if values else None

    def fields(self) -> Iterator[Field]:
        """Every field; pseudo headers first when they were put in first."""
        yield from self.items()
        if self.more is not None:
            yield from self.more

    def copy(self) -> "Headers":
        """The same fields, free to be changed."""
        twin = Headers(self)
        if self.more is not None:
            twin.more = list(self.more)
        return twin

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Headers) and dict.__eq__(self, other) is True and (self.more or []) == (other.more or [])
        )

    def __ne__(self, other: object) -> bool:
        return not self == other  # dict's own knows nothing of `more`

    __hash__ = None
