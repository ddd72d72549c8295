"""`tulle analyze`."""

import click


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="FILES…")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="Form of the output.")
@click.option(
    "--failure-threshold",
    type=click.Choice(["error", "warning", "info"]),
    default="error",
    show_default=True,
    help="Exit with 79 from this severity on.",
)
@click.option(
    "--suppress", multiple=True, metavar="CODE=RESOURCE", help="Pass over a finding: TUL0102=VirtualService/*/reviews."
)
def analyze(paths: tuple[str, ...], output: str, failure_threshold: str, suppress: tuple[str, ...]) -> int:
    """Check resource files before they are applied.

    Every problem is shown with file, line and column and the lines around it: of the text, of each resource, and
    between resources. A field that has no effect yet is named.
    """
    from fnmatch import fnmatchcase

    from tulle.cli.output import counted, print_json
    from tulle.controlplane.config.analyzers import analyze as find_problems
    from tulle.controlplane.config.file_source import read_files, require_paths
    from tulle.controlplane.config.store import Store
    from tulle.foundation.errors import FindingsFound

    require_paths(paths)
    texts = read_files(paths)
    store = Store()
    store.replace(texts)
    rules = [rule.partition("=") for rule in suppress]
    problems = tuple(
        problem
        for problem in (*store.problems, *find_problems(store.state))
        if not any(problem.code == code and fnmatchcase(problem.resource, name or "*") for code, _, name in rules)
    )
    if output == "json":
        print_json([problem.as_dict() for problem in problems])
    else:
        _print_problems(problems, texts)
        read = f"{counted(len(store.state.resources), 'resource')} in {counted(len(texts), 'file')}"
        click.echo(f"{read}, {counted(len(problems), 'finding')}", err=True)
    order = ("error", "warning", "info")
    serious = order[: order.index(failure_threshold) + 1]
    return FindingsFound.exit_code if any(problem.severity in serious for problem in problems) else 0


def _print_problems(problems: "tuple[object, ...]", texts: dict[str, str]) -> None:
    import sys

    from tulle.api.problems import Problem
    from tulle.cli.output import symbol
    from tulle.foundation.yaml import code_frame, printable

    for problem in problems:
        if isinstance(problem, Problem):
            click.echo(f"{symbol(problem.severity, sys.stdout)} {printable(str(problem))}", color=True)
            if problem.hint:
                click.echo(f"    hint: {printable(problem.hint)}")
            if problem.place and problem.severity != "info":
                click.echo(code_frame(texts.get(problem.place.file, ""), problem.place))
