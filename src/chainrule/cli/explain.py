"""``chainrule explain``: a computation gate by gate, or a network as layers of neurons."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chainrule.cli.terminal import Terminal, common_options, pass_terminal

if TYPE_CHECKING:
    from chainrule.explanation import Explanation

__all__ = ["command"]

FORMS = {"html": ".html", "svg": ".svg", "dot": ".dot", "mermaid": ".mmd"}


@click.command("explain")
@click.argument("target", metavar="FILE.py:FUNCTION | EXPRESSION | NETWORK")
@click.argument("values", nargs=-1, metavar="[NAME=VALUE]…")
@click.option(
    "--html", "form", flag_value="html", help="A page to step through; no network needed."
)
@click.option("--svg", "form", flag_value="svg", help="A picture.")
@click.option("--dot", "form", flag_value="dot", help="Graphviz source.")
@click.option("--mermaid", "form", flag_value="mermaid", help="Mermaid source.")
@click.option(
    "-o", "--out", type=click.Path(path_type=Path, dir_okay=False),
    help="Write to this file; its ending tells the form where no option does.",
)  # fmt: skip
@click.option("--open", "opened", is_flag=True, help="Show the gates that a gate is made of.")
@click.option(
    "--scale", metavar="NAME", help="Say what 1000 times this input does to the gradients."
)
@common_options
@pass_terminal
def command(
    terminal: Terminal,
    target: str,
    values: tuple[str, ...],
    form: str | None,
    out: Path | None,
    opened: bool,
    scale: str | None,
) -> None:
    """Say what every gate of a computation does, forwards and backwards.

    \b
    chainrule explain "q = x + y; q * z" x=-2 y=5 z=-4
    chainrule explain net.py:cost --html -o cost.html
    chainrule explain runs/digits -o network.svg

    On a terminal the arrow keys step through the gates; in a pipe everything is printed. A function
    of a file is called with NAME=VALUE, else as the file itself first calls it, else with arrays made
    up from the names of its parameters. NETWORK, a saved one or the directory of a run, is drawn as
    layers of neurons.
    """
    if _is_network(target):
        _explain_network(terminal, Path(target), form, out)
        return
    from chainrule.explanation import Explanation

    found = _explanation(terminal, target, values)
    if opened:
        found = Explanation(found.graph.open(), notes=found.notes)
    form = form or _form_of(out)
    if out is not None:
        out.write_text(_written(found, form), encoding="utf-8")
        terminal.say(f"{out}: {found.title}, {len(found.steps())} steps")
        terminal.result({"file": str(out), **found.to_dict()})
    elif terminal.json:
        terminal.result(found.to_dict())
    elif form is not None:
        click.echo(_written(found, form), nl=False)
    elif scale is None and terminal.talks and sys.stdin.isatty() and sys.stdout.isatty():
        from chainrule.cli.stepping import step_through

        step_through(found)
    elif scale is not None:
        terminal.say(found.scaling(scale))
    else:
        terminal.say(found.text())


def _explanation(terminal: Terminal, target: str, pairs: tuple[str, ...]) -> Explanation:
    import chainrule as cr
    from chainrule.cli.expression import expression_function, parse_values

    values = parse_values(pairs)
    path, colon, name = target.partition(".py:")
    if colon:
        function, args, kwargs = _of_file(terminal, f"{path}.py", name, values)
        return cr.explain(function, *args, **kwargs)
    if target.endswith(".py"):
        raise click.UsageError(f"Which function of {target}? Write {target}:NAME.")
    function, variables = expression_function(target, tuple(values))
    missing = [name for name in variables if name not in values]
    unknown = [name for name in values if name not in variables]
    if missing:
        words = " ".join(f"{name}=1.5" for name in missing)
        raise click.UsageError(f"No value for {', '.join(missing)}; add for instance: {words}")
    if unknown:
        raise click.UsageError(
            f"{', '.join(unknown)}: not in the expression, which has {', '.join(variables) or 'no names'}."
        )
    given = (values[name] for name in variables)
    return cr.explain(function, *(float(v) if isinstance(v, int) else v for v in given))


def _of_file(
    terminal: Terminal, path: str, name: str, values: dict[str, Any]
) -> tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]:
    """A function of a file and the arguments it is called with."""
    from chainrule.check.inputs import recorded
    from chainrule.check.loading import load_module
    from chainrule.check.made_up import arguments, layouts
    from chainrule.check.targets import Case, find_targets

    find_targets(path, name)  # raises where the file or the function is not there
    if values:
        function: Any = load_module(path)
        for part in name.split("."):
            function = getattr(function, part)
        return function, (), values
    call = recorded(path, Case(name))
    if call is not None:
        terminal.note("arguments: those of the first call that the file makes")
        return call[0].function, (), call[0].args
    if "." in name:
        raise click.UsageError(
            f"The file does not call {name} when it is run, so there is no instance to explain: "
            'call it under if __name__ == "__main__".'
        )
    function = getattr(load_module(path), name)
    terminal.note("arguments: made up from the names of the parameters; give NAME=VALUE for others")
    for layout in layouts():
        made = arguments(function, layout)
        try:
            function(**made)
        except (ValueError, TypeError, IndexError):
            continue
        return function, (), made
    raise click.UsageError(f"No made-up arguments fit {name}; give them as NAME=VALUE.")


def _form_of(out: Path | None) -> str | None:
    """The form that a file's ending asks for; text for any other."""
    if out is None:
        return None
    endings = {ending: form for form, ending in FORMS.items()} | {".gv": "dot", ".htm": "html"}
    return endings.get(out.suffix)


def _written(found: Explanation, form: str | None) -> str:
    makers: dict[str, Callable[[], str]] = {
        "html": found.html,
        "svg": found.svg,
        "dot": found.dot,
        "mermaid": found.mermaid,
    }
    return f"{found.text()}\n" if form is None else makers[form]()


def _is_network(target: str) -> bool:
    path = Path(target)
    return path.suffix == ".safetensors" or path.is_dir() or path.suffix == ".json"


def _explain_network(terminal: Terminal, path: Path, form: str | None, out: Path | None) -> None:
    from chainrule.explanation import network_svg
    from chainrule.explanation.network import layers_of, network_text

    if form not in (None, "svg") or _form_of(out) not in (None, "svg"):
        raise click.UsageError(
            "A network is drawn with --svg; for its gates, explain a function that runs it."
        )
    model = _loaded(path)
    layers = layers_of(model)
    if out is not None:
        out.write_text(network_svg(model), encoding="utf-8")
        terminal.say(f"{out}: {' → '.join(str(n) for n in layers.sizes)}")
    elif form == "svg":
        click.echo(network_svg(model), nl=False)
    else:
        terminal.say(network_text(layers))
    terminal.result(
        {"network": str(path), "sizes": layers.sizes, "activations": layers.activations}
    )


def _loaded(path: Path) -> Any:
    import chainrule as cr
    from chainrule.errors import DataError

    if path.is_dir():
        from chainrule.cli.run_directory import RunDirectory
        from chainrule.cli.training import load_run

        return load_run(RunDirectory.existing(path))[2]
    if not path.is_file():
        raise DataError(f"there is no file {path}")
    return cr.Network.load(path) if path.suffix == ".json" else cr.load(path)
