"""/config_dump: everything configured, as typed messages; one kind by ?resource=, some fields by ?mask=."""

from collections.abc import Callable, Sequence
from typing import Any

from google.protobuf import field_mask_pb2
from google.protobuf.message import Message

from tulle.protos.pool import class_of_type_url
from tulle.protos.reading import to_dict
from tulle.proxy.admin.page import TEXT, Answer, Query, flag, json_answer, name_filter
from tulle.proxy.admin.view import ProxyView

_NAMED = ("cluster", "listener", "route_config", "endpoint_config")


async def render_config_dump(proxy: ProxyView, query: Query) -> Answer:
    """/config_dump."""
    dump = proxy.config_dump(include_endpoints=flag(query, "include_eds"))
    wanted = name_filter(query.get("name_regex"))
    mask = [path for path in query.get("mask", "").split(",") if path]
    parts = [_open(holder) for holder in dump.configs]
    resource = query.get("resource")
    if resource:
        return _answer_resource(parts, resource, mask, wanted)
    configs = []
    for part in parts:
        _drop_unwanted(part, wanted)
        described = _describe(part, mask)
        if described is not None:
            configs.append(described)
    return json_answer({"configs": configs})


def _open(holder: Any) -> Message:
    message = class_of_type_url(holder.type_url)()
    message.ParseFromString(holder.value)
    return message


def _answer_resource(parts: Sequence[Message], resource: str, mask: list[str], wanted: Callable[[str], bool]) -> Answer:
    """The items of one repeated field, such as `dynamic_active_clusters`."""
    for part in parts:
        field = part.DESCRIPTOR.fields_by_name.get(resource)
        if field is None:
            continue
        items: list[Message] = list(getattr(part, resource)) if field.is_repeated else [getattr(part, resource)]
        kept = [item for item in items if wanted(_name_of(item))]
        described = [_describe(item, mask) for item in kept]
        return json_answer({"configs": [item for item in described if item is not None]})
    return Answer(f"{resource} not found in config dump", 404, TEXT)


def _describe(message: Message, mask: list[str]) -> dict[str, object] | None:
    if mask:
        whole, message = message, type(message)()
        known = [path for path in mask if path.partition(".")[0] in message.DESCRIPTOR.fields_by_name]
        if not known:
            return None
        field_mask_pb2.FieldMask(paths=known).MergeMessage(whole, message, replace_message_field=False)
    return {"@type": f"type.googleapis.com/{message.DESCRIPTOR.full_name}", **to_dict(message)}


def _drop_unwanted(part: Message, wanted: Callable[[str], bool]) -> None:
    for field, value in part.ListFields():
        if field.is_repeated and field.message_type is not None:
            kept = [item for item in value if wanted(_name_of(item))]
            if len(kept) != len(value):
                part.ClearField(field.name)
                getattr(part, field.name).extend(kept)


def _name_of(item: Any) -> str:
    """The name of what an entry of a dump holds."""
    name = getattr(item, "name", "")
    if name:
        return str(name)
    for field in _NAMED:
        holder = getattr(item, field, None)
        if holder is not None and holder.type_url:
            inner: Any = _open(holder)
            return str(getattr(inner, "name", "") or getattr(inner, "cluster_name", ""))
    return ""
