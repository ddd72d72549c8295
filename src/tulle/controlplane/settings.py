"""What a control plane is started with."""

from dataclasses import dataclass

from tulle.foundation.errors import UsageError


@dataclass(frozen=True, slots=True)
class Settings:
    """Where resources come from and where it serves; a port of 0 means any free one."""

    config_paths: tuple[str, ...]
    xds_address: str = "127.0.0.1:15010"
    admin_address: str = "127.0.0.1:15014"
    quiet_s: float = 0.1  # a push waits until no change has come for this long …
    longest_s: float = 10.0  # … but never longer than this


def parse_address(text: str) -> tuple[str, int]:
    """Host and port of `127.0.0.1:80` or `[::1]:80`; UsageError when it is neither."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise UsageError(f"{text!r} is not an address", "write host:port, with a port from 0 (any free one) to 65535")
    return host.strip("[]"), int(port)
