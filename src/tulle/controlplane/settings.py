"""What a control plane is started with."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """Where resources come from and where it serves; a port of 0 means any free one."""

    config_paths: tuple[str, ...]
    xds_address: str = "127.0.0.1:15010"
    admin_address: str = "127.0.0.1:15014"
    quiet_s: float = 0.1  # a push waits until no change has come for this long …
    longest_s: float = 10.0  # … but never longer than this
