"""From text to resources."""

from tests.support.corpora import CORPORA, needs
from tulle.api.loading import load_text, not_honoured
from tulle.foundation.errors import Place

GOOD = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http:
  - route:
    - destination: {host: reviews, subset: v1}
      weight: 90
    - destination: {host: reviews, subset: v2}
      weight: 10
"""


def test_a_resource_without_a_namespace_is_in_default() -> None:
    (resource,) = load_text(GOOD, "a.yaml").resources
    assert resource.key == "VirtualService/default/reviews"
    assert [item.weight for item in resource.spec.http[0].route] == [90, 10]
    assert resource.place_of(("spec", "http", 0, "route", 1, "weight")) == Place("a.yaml", 12, 7)


def test_all_problems_are_found_at_once_each_with_its_place_and_a_suggestion() -> None:
    broken = GOOD.replace("hosts:", "host:").replace("weight: 90", "wieght: 90").replace("weight: 10", "weight: ten")
    result = load_text(broken, "a.yaml")
    assert result.resources == ()
    assert [(problem.path, str(problem.place)) for problem in result.problems] == [
        ("spec.host", "a.yaml:6:3"),
        ("spec.http[0].route[0].wieght", "a.yaml:10:7"),
        ("spec.http[0].route[1].weight", "a.yaml:12:7"),
    ]
    assert "did you mean weight?" in str(result.problems[1])


def test_a_field_that_has_no_effect_yet_is_named_and_the_resource_is_kept() -> None:
    text = GOOD.replace("  - route:", "  - mirror: {host: b}\n    route:")
    result = load_text(text, "a.yaml")
    (problem,) = result.problems
    assert (problem.code, problem.severity, problem.path) == ("TUL0102", "warning", "spec.http[0].mirror")
    assert not_honoured(result.resources[0]) == ("spec.http[0].mirror",)


def test_kinds_of_others_are_passed_over_and_unknown_kinds_of_the_mesh_are_a_warning() -> None:
    text = (
        "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}}\n---\n"
        "{apiVersion: networking.istio.io/v1, kind: VirtualServce, metadata: {name: b}}\n---\n"
        "{apiVersion: networking.istio.io/v9, kind: VirtualService, metadata: {name: c}}"
    )
    codes = [(problem.code, problem.hint) for problem in load_text(text, "a.yaml").problems]
    assert codes == [("TUL0004", ""), ("TUL0005", "did you mean VirtualService?"), ("TUL0002", "")]


def test_a_list_holds_its_items_and_null_means_not_set() -> None:
    text = "{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Service, metadata: {name: a, labels: null}}]}"
    (resource,) = load_text(text, "a.yaml").resources
    assert resource.key == "Service/default/a"
    place = resource.place_of(("metadata", "name"))
    assert (place.line, place.column) == (1, text.index("name:") + 1) if place else False


@needs("istio/samples/bookinfo")
def test_every_bookinfo_file_loads_without_an_error() -> None:
    files = sorted((CORPORA / "istio" / "samples" / "bookinfo").rglob("*.yaml"))
    assert len(files) > 25
    for file in files:
        errors = [problem for problem in load_text(file.read_text(), file.name).problems if problem.severity == "error"]
        assert errors == [], file.name


def test_a_broken_rule_hides_neither_another_nor_what_is_not_honoured() -> None:
    text = GOOD.replace("  - route:", "  - mirror: {host: b}\n    timeout: soon\n    route:").replace(
        "metadata: {name: reviews}", "metadata: {name: 5}"
    )
    result = load_text(text, "a.yaml")
    assert result.resources == ()
    found = [(problem.code, problem.path) for problem in result.problems]
    assert found == [
        ("TUL0003", "metadata.name"),
        ("TUL0101", "spec.http[0].timeout"),
        ("TUL0102", "spec.http[0].mirror"),
    ]


def test_a_broken_rule_says_what_to_do() -> None:
    text = GOOD.replace("  - route:", "  - headers: {request: {set: {a: 5%}}}\n    route:")
    (problem,) = load_text(text, "a.yaml").problems
    assert (problem.code, problem.hint) == ("TUL0101", "write %% for a plain %")
    assert problem.place == Place("a.yaml", 8, 31)
