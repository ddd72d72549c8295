"""What all structs of resources share: frozen, keyword only, camel case outside, unknown fields refused."""

import msgspec


class Fields(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A part of a resource that Tulle knows completely."""


class ReadFields(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A part of a resource of which Tulle reads some fields; the others are not its business."""
