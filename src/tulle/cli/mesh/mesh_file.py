"""`tulle.yaml`: the services of a mesh on one machine, as simple as a Procfile."""

from pathlib import Path
from typing import Literal

import msgspec

Protocol = Literal["http", "http2", "grpc", "tcp"]


class Version(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A version of a service; what it does not say it has from its service."""

    run: str = ""
    env: dict[str, str] = {}
    replicas: int = 1


class ServiceEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A service: a command that listens on $PORT, or the address of something outside of the mesh."""

    run: str = ""
    port: int = 0  # the port that other services call; 80 when it is not said
    protocol: Protocol = "http"
    upstreams: tuple[str, ...] = ()
    env: dict[str, str] = {}
    versions: dict[str, Version] = {}
    external: str = ""  # host:port


class GatewayRoute(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Requests for a host and below a path go to a service."""

    to: str
    host: str = "*"
    prefix: str = "/"


class Gateway(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The way in: a port of this machine and where its requests go."""

    http: int = 8080
    routes: tuple[GatewayRoute, ...] = ()


class MeshSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """What holds for the whole mesh."""

    namespace: str = "default"
    engine: Literal["tulle", "envoy"] = "tulle"


class MeshFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of `tulle.yaml`."""

    services: dict[str, ServiceEntry]
    mesh: MeshSettings = MeshSettings()
    gateway: Gateway | None = None
    config: tuple[str, ...] = ()


def configured_paths(mesh_file: MeshFile, folder: Path) -> list[str]:
    """The files and folders that `config` names; patterns are relative to the folder of `tulle.yaml`."""
    found: list[str] = []
    for pattern in mesh_file.config:
        matches = sorted(folder.glob(pattern.removeprefix("./")))
        found += [str(path) for path in matches] or [str(folder / pattern)]
    return found


def contradictions(mesh_file: MeshFile) -> list[tuple[tuple[str, ...], str]]:
    """What the types cannot say: (path, message) for each rule that is broken."""
    found: list[tuple[tuple[str, ...], str]] = []
    for name, service in mesh_file.services.items():
        where = ("services", name)
        runs = bool(service.run) or (bool(service.versions) and all(item.run for item in service.versions.values()))
        if service.external and (service.run or service.versions):
            found.append(((*where, "external"), "stands for something that runs elsewhere; remove run and versions"))
        elif service.external and ":" not in service.external:
            found.append(((*where, "external"), "wants host:port"))
        elif not service.external and not runs:
            found.append((where, "has nothing to run: set run, or external"))
        for upstream in service.upstreams:
            if upstream not in mesh_file.services:
                found.append(((*where, "upstreams"), f"names {upstream}, which is no service of this file"))
    for route in mesh_file.gateway.routes if mesh_file.gateway else ():
        if route.to not in mesh_file.services:
            found.append((("gateway", "routes"), f"leads to {route.to}, which is no service of this file"))
    return found
