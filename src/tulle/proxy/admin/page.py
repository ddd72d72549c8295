"""A page of the admin server, its parameters, and what it answers."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import re2  # type: ignore[import-untyped]
from google.protobuf.message import Message

from tulle.protos.reading import to_dict
from tulle.proxy.admin.view import ProxyView

TEXT = "text/plain; charset=UTF-8"
JSON = "application/json"
HTML = "text/html; charset=UTF-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """The response to one request."""

    body: str
    status: int = 200
    content_type: str = TEXT


class BadQuery(ValueError):
    """A parameter that a page cannot use; the message says why."""


Query = Mapping[str, str]
Render = Callable[[ProxyView, Query], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query parameter; `choices` is empty where anything goes."""

    name: str
    description: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """One endpoint; `mutates`: reached by POST only; `open_ended`: takes parameters that it does not list."""

    path: str
    description: str
    render: Render
    mutates: bool = False
    parameters: tuple[Parameter, ...] = ()
    open_ended: bool = False

    def check(self, query: Query) -> None:
        """BadQuery when the page does not know a parameter or its value."""
        known = {parameter.name: parameter for parameter in self.parameters}
        for name, value in query.items():
            parameter = known.get(name)
            if parameter is None:
                if self.open_ended:
                    continue
                listed = ", ".join(known) or "none"
                raise BadQuery(f"unknown parameter {name!r}; {self.path} takes: {listed}")
            if parameter.choices and value not in parameter.choices:
                raise BadQuery(f"usage: {self.path}?{name}=({'|'.join(parameter.choices)})")


def json_answer(value: object) -> Answer:
    """A JSON page, indented by one space as Envoy's are."""
    return Answer(json.dumps(value, indent=1, ensure_ascii=False), content_type=JSON)


def message_answer(message: Message) -> Answer:
    """A message in protobuf's JSON mapping."""
    return json_answer(to_dict(message))


def name_filter(pattern: str | None) -> Callable[[str], bool]:
    """Whether a name contains what the regular expression describes; everything passes without one."""
    if not pattern:
        return lambda name: True
    options: Any = re2.Options()  # RE2 cannot be made to take forever
    options.log_errors = False
    try:
        search = re2.compile(pattern, options).search
    except re2.error as error:
        raise BadQuery(f"invalid regex: {error}") from error
    return lambda name: search(name) is not None


def flag(query: Query, name: str) -> bool:
    """Whether a parameter without a value, or with a true one, is there."""
    return name in query and query[name] not in ("0", "false")
