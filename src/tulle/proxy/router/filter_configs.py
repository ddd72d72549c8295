"""Settings of HTTP filters that tables, virtual hosts, routes and weighted clusters carry (typed_per_filter_config)."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from google.protobuf.any_pb2 import Any

from tulle.foundation.errors import FieldProblem, InvalidInput
from tulle.protos.messages import FilterConfig
from tulle.protos.pool import type_url_of
from tulle.proxy.router.string_match import Problems

_FILTER_CONFIG = type_url_of(FilterConfig)


class FilterConfigs(Protocol):
    """Builds what filters want to know of a route; the composition root gives one that knows all filters."""

    def knows(self, type_url: str) -> bool:
        """Whether some filter takes per-route settings of this type."""

    def build(self, filter_name: str, config: Any, path: str) -> object:
        """What the filter will find under its name on a route; InvalidInput with every problem."""


@runtime_checkable
class Layered(Protocol):
    """Settings to which those of less specific places matter too."""

    def over(self, less_specific: object, /) -> object:
        """These settings on top of others of the same filter."""


class NoFilterConfigs:
    """Knows no filter's settings."""

    def knows(self, type_url: str) -> bool:
        """Never."""
        return False

    def build(self, filter_name: str, config: Any, path: str) -> object:
        """Is not called, as nothing is known."""
        raise InvalidInput([FieldProblem(path, f"{config.type_url} is not supported")])


class FilterSettings:
    """What holds for filters at one place: built configs by filter name, and filters switched off or on."""

    __slots__ = ("configs", "disabled")

    def __init__(self, configs: Mapping[str, object], disabled: Mapping[str, bool]) -> None:
        self.configs = configs
        self.disabled = disabled

    def over(self, less_specific: "FilterSettings") -> "FilterSettings":
        """These settings before those of a less specific place."""
        if not self.configs and not self.disabled:
            return less_specific
        configs = dict(less_specific.configs)
        for name, config in self.configs.items():
            # Some filters go by what all levels say, not by the most specific one alone.
            if name in configs and isinstance(config, Layered):
                config = config.over(configs[name])
            configs[name] = config
        return FilterSettings(configs, {**less_specific.disabled, **self.disabled})


NO_SETTINGS = FilterSettings({}, {})


def build_filter_settings(
    protos: Mapping[str, Any], filters: FilterConfigs, path: str, problems: Problems
) -> FilterSettings:
    """The settings of one `typed_per_filter_config`."""
    if not protos:
        return NO_SETTINGS
    configs: dict[str, object] = {}
    disabled: dict[str, bool] = {}
    for name in sorted(protos):
        where = f'{path}["{name}"]'
        config, optional = protos[name], False
        if config.type_url == _FILTER_CONFIG:
            wrapper = FilterConfig.FromString(config.value)
            config, optional = wrapper.config, wrapper.is_optional
            where = f"{where}.config"
            if wrapper.disabled:
                disabled[name] = True
                continue
            if not config.type_url:
                problems.append(FieldProblem(where, f"is empty for filter {name}"))
                continue
        if not filters.knows(config.type_url):
            if not optional:
                problems.append(FieldProblem(where, f"{config.type_url} is not known to any filter"))
            continue
        try:
            configs[name] = filters.build(name, config, where)
            disabled[name] = False
        except InvalidInput as error:
            problems.extend(error.problems)
    return FilterSettings(configs, disabled)
