"""The store keeps what was good."""

from tulle.api.resource import Metadata, Resource
from tulle.controlplane.config.store import Store, state_of

SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: %s}\nspec: {ports: [{port: %s}]}\n"


def service(name: str, port: object = 80) -> str:
    return SERVICE % (name, port)


def names(store: Store) -> list[str]:
    return [resource.metadata.name for resource in store.state.resources]


def test_a_file_that_breaks_keeps_its_last_good_resources_and_says_where_it_is_broken() -> None:
    store = Store()
    assert store.replace({"a.yaml": service("a")})
    assert not store.replace({"a.yaml": service("a") + "  broken: ["})
    assert names(store) == ["a"]
    assert store.broken_files() == ("a.yaml",)
    (problem,) = store.problems
    assert problem.place is not None
    assert (problem.place.file, problem.place.line > 0) == ("a.yaml", True)


def test_a_broken_object_does_not_hold_back_the_others_of_its_file() -> None:
    store = Store()
    store.replace({"a.yaml": service("a") + "---\n" + service("b", 1)})
    assert store.replace({"a.yaml": service("a", "x") + "---\n" + service("b", 2)})
    ports = {resource.metadata.name: resource.spec.ports[0].port for resource in store.state.resources}
    assert ports == {"a": 80, "b": 2}


def test_a_file_that_is_mended_or_removed_leaves_no_problem_behind() -> None:
    store = Store()
    store.replace({"a.yaml": "[", "b.yaml": "["})
    store.replace({"a.yaml": service("a")})
    assert store.problems == ()
    assert names(store) == ["a"]


def test_the_same_content_again_is_no_change() -> None:
    store = Store()
    assert store.replace({"a.yaml": service("a")})
    assert not store.replace({"a.yaml": service("a")})
    assert store.state.version == 1


def test_an_object_in_two_files_is_reported_and_the_first_file_wins() -> None:
    store = Store()
    store.replace({"b.yaml": service("a", 2), "a.yaml": service("a", 1)})
    assert store.state.resources[0].spec.ports[0].port == 1
    assert store.problems[0].code == "TUL0006"


def test_a_state_can_be_made_of_resources() -> None:
    resources = [Resource("B", "v1", Metadata(name="b"), None), Resource("A", "v1", Metadata(name="a"), None)]
    assert [resource.kind for resource in state_of(resources).resources] == ["A", "B"]
    assert len(state_of(resources).of_kind("B")) == 1
