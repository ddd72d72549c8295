"""`python -m bench.micro [NAME…]`: times the named files, or all."""

import sys
from collections.abc import Sequence

from bench.micro import counting, http_filters, log_lines, message_headers
from bench.micro.stopwatch import nanoseconds

_FILES = {
    "http_filters": http_filters,
    "message_headers": message_headers,
    "log_lines": log_lines,
    "counting": counting,
}


def main(names: Sequence[str]) -> int:
    """0, or 64 for a name that is not there."""
    unknown = [name for name in names if name not in _FILES]
    if unknown:
        print(f"no such micro benchmark: {', '.join(unknown)}; there are {', '.join(_FILES)}", file=sys.stderr)
        return 64
    for name in names or _FILES:
        print(name)
        for step in _FILES[name].steps():
            print(f"  {nanoseconds(step.call):9.0f} ns  {step.label}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
