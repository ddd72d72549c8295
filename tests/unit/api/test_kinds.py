"""The list of kinds."""

import ast
from pathlib import Path

import msgspec

import tulle
from tulle.api.kinds import BY_TYPE, KINDS, Kind, honours


def fields_of(struct: type, path: str) -> dict[str, str]:
    """All field patterns below a struct, `spec.http[].timeout`, with the attribute of each."""
    found: dict[str, str] = {}

    def visit(info: msgspec.inspect.Type, path: str, depth: int) -> None:
        if isinstance(info, msgspec.inspect.UnionType):
            for member in info.types:
                visit(member, path, depth)
        elif isinstance(info, msgspec.inspect.VarTupleType):
            visit(info.item_type, f"{path}[]", depth)
        elif isinstance(info, msgspec.inspect.StructType) and depth < 8:
            for field in info.fields:
                found[f"{path}.{field.encode_name}"] = field.name
                visit(field.type, f"{path}.{field.encode_name}", depth + 1)

    visit(msgspec.inspect.type_info(struct), path, 0)
    return found


def test_every_field_that_is_said_not_to_be_honoured_exists() -> None:
    for kind in KINDS:
        assert set(kind.not_honoured) <= fields_of(kind.struct, "spec").keys(), kind.name


def test_a_field_that_nothing_reads_is_told_not_to_be_honoured() -> None:
    """Names are all that is compared: a field can hide behind another of its name, and none is told in vain."""
    source = Path(tulle.__file__).parent
    files = [*(source / "controlplane").rglob("*.py"), *(source / "api" / "core").rglob("*.py")]
    trees = [ast.parse(file.read_text()) for file in files]
    read = {node.attr for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for kind in KINDS:
        fields = fields_of(kind.struct, "spec")
        idle = {path for path, attribute in fields.items() if attribute not in read and honours(kind, path)}
        assert idle == set(), kind.name


def test_all_of_istios_versions_are_served() -> None:
    for version in ("v1", "v1beta1", "v1alpha3"):
        assert BY_TYPE[(f"networking.istio.io/{version}", "VirtualService")].name == "VirtualService"


def test_a_field_below_one_that_is_not_honoured_is_not_honoured_either() -> None:
    kind = Kind("X", "g", ("v1",), int, not_honoured=("spec.tls", "spec.http[].fault"))
    assert not honours(kind, "spec.tls[].match")
    assert not honours(kind, "spec.http[].fault.delay")
    assert honours(kind, "spec.http[].faults")
    assert honours(kind, "spec.http")
