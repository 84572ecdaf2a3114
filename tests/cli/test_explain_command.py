"""``chainrule explain``: expressions, functions of files, networks; in a pipe and on a terminal."""

from __future__ import annotations

import json
import os
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

import chainrule as cr
from chainrule.cli import main
from chainrule.cli.expression import expression_function, parse_values
from chainrule.cli.stepping import step_through
from chainrule.errors import ArgumentError

FILE = '''
import numpy as np

def cost(w, x):
    z = w @ x
    return (np.tanh(z) ** 2).sum()

def called(x, n):
    return x * n

def loose(W, x):
    return (W * 2.0).sum()

def odd(spam):
    return spam * 2.0

class Neuron:
    def __init__(self, w):
        self.w = w
    def out(self, x):
        return np.tanh(self.w * x)
    def never(self, x):
        return x

if __name__ == "__main__":
    print(called(3.0, 7.0))
    print(Neuron(2.0).out(0.5))
'''  # fmt: skip


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["explain", *arguments])


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "circuit.py"
    path.write_text(FILE)
    return str(path)


def test_an_expression_is_explained_in_a_pipe() -> None:
    """SPEC W2 from the command line; SPEC D6."""
    result = run("q = x + y; q * z", "x=-2", "y=5", "z=-4")
    assert result.exit_code == 0
    assert "multiply swaps: q gets 1 · z = 1 · (-4) = -4; z gets 1 · q = 1 · 3 = 3" in result.output
    assert "\x1b" not in result.output
    assert max(map(len, result.output.splitlines())) <= 80


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("x*y", {"x": 3.0, "y": 2.0}, 6.0),
        ("sigmoid(w @ x + b)", {"w": np.ones(2), "x": np.ones(2), "b": -2.0}, 0.5),
        ("max(x, y, 1)", {"x": 3.0, "y": 4.0}, 4.0),
        ("np.sum(x) + sum(x)", {"x": np.ones(3)}, 6.0),
        ("a = x**2; b = a + x; b", {"x": 3.0}, 12.0),
        ("a = x**2", {"x": 3.0}, 9.0),
        ("sin(pi / 2) * t", {"t": 2.0}, 2.0),
        ("f * 2", {"f": 2.0}, 4.0),
        ("sign * beta", {"sign": 2.0, "beta": 3.0}, 6.0),  # names of functions, not called
        ("x if x > 0 else -x", {"x": -2.0}, 2.0),
    ],
)
def test_expressions_are_functions_of_their_free_names(text, values, expected) -> None:
    function, names = expression_function(text)
    assert names == list(values)
    assert float(function(**values)) == pytest.approx(expected)


def test_names_stand_in_the_order_in_which_their_values_are_given() -> None:
    assert run("y * x", "x=1", "y=2").output.startswith("f(x, y)\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("x * y", "x=1"), "No value for y; add for instance: y=1.5"),
        (("x", "x=1", "z=2"), "z: not in the expression, which has x"),
        (("x *", "x=1"), "is no expression (invalid syntax)"),
        (("for i in x: pass", "x=1"), "end with an expression"),
        (("x", "x"), "expected name=value"),
        (("x", "x=one"), "is no number and no list"),
        (("x", "x=[[1,2],[3]]"), "rows of equal length"),
        (("nothing.py:f",), "there is no file nothing.py"),
        (("nothing.safetensors",), "there is no file nothing.safetensors"),
        (("net.py",), "Which function of net.py? Write net.py:NAME."),
    ],
)
def test_what_cannot_be_explained_is_said_with_exit_code_2(arguments, message) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())


def test_values_are_numbers_and_arrays() -> None:
    assert parse_values(["x=-2.5", "n=3"]) == {"x": -2.5, "n": 3}
    np.testing.assert_array_equal(parse_values(["w=[[1,2],[3,4]]"])["w"], [[1.0, 2.0], [3.0, 4.0]])
    with pytest.raises(ArgumentError):
        parse_values(["2x=3"])


def test_a_function_of_a_file_takes_values_its_own_call_or_made_up_arrays(file: str) -> None:
    given = run(f"{file}:cost", "w=[[1,2]]", "x=[0.1,0.2]")
    assert given.exit_code == 0, given.output
    assert "w @ x" in given.output
    own = run(f"{file}:called")
    assert "those of the first call that the file makes" in own.output
    assert re.search(r"x +3\n +n +7\n", own.output)
    made = run(f"{file}:loose")
    assert "made up from the names" in made.output
    assert "sum distributes" in made.output
    method = run(f"{file}:Neuron.out")
    assert "tanh(" in method.output
    assert "there is no instance to explain" in run(f"{file}:Neuron.never").output
    assert run(f"{file}:nothing").exit_code == 2
    assert run(f"{file}:odd").exit_code == 2


@pytest.mark.parametrize(
    ("option", "beginning"),
    [("--svg", "<svg"), ("--html", "<!doctype"), ("--dot", "digraph"), ("--mermaid", "flowchart")],
)
def test_forms_go_to_stdout_or_to_a_file(option: str, beginning: str, tmp_path: Path) -> None:
    result = run("x*y", "x=1", "y=2", option)
    assert result.output.startswith(beginning)
    path = tmp_path / "out.any"
    assert run("x*y", "x=1", "y=2", option, "-o", str(path)).exit_code == 0
    assert path.read_text(encoding="utf-8").startswith(beginning)
    by_name = tmp_path / f"out.{ {'--mermaid': 'mmd'}.get(option, option.strip('-')) }"
    run("x*y", "x=1", "y=2", "-o", str(by_name))
    assert by_name.read_text(encoding="utf-8").startswith(beginning)


def test_json_is_one_document() -> None:
    data = json.loads(run("x*y", "x=3", "y=2", "--json").output)
    assert data["gradients"] == {"x": 2.0, "y": 3.0}
    assert run("x*y", "x=3", "y=2", "--quiet").output == ""


def test_gates_are_opened_and_inputs_scaled() -> None:
    assert "exp" not in run("sigmoid(x)", "x=0").output
    assert "= exp(" in run("sigmoid(x)", "x=0", "--open").output
    assert "(1000 times)" in run("w*x", "x=3", "w=2", "--scale", "x").output


def test_saved_networks_are_drawn_as_neurons(tmp_path: Path) -> None:
    saved = tmp_path / "net.safetensors"
    cr.save(saved, cr.nn.Sequential(cr.nn.Linear(20, 3), cr.nn.ReLU(), cr.nn.Linear(3, 2)))
    assert "relu" in run(str(saved)).output
    picture = tmp_path / "net.svg"
    assert "20 → 3 → 2" in run(str(saved), "-o", str(picture)).output
    assert "… 12 more" in picture.read_text(encoding="utf-8")
    assert json.loads(run(str(saved), "--json").output)["sizes"] == [20, 3, 2]
    book = tmp_path / "net.json"
    cr.Network([3, 2]).save(book)
    assert run(str(book), "--svg").output.startswith("<svg")
    assert run(str(book), "--html").exit_code == 2


def test_keys_step_forwards_and_back_and_quit() -> None:
    explanation = cr.explain(lambda x, y: x * y + x, 3.0, 2.0)
    screens: list[str] = []
    keys = iter(["\x1b[C", " ", "\x1b[C", "\x1b[D", "\x1b[F", "\x1b[H", "?", "q"])
    step_through(explanation, lambda: next(keys), screens.append)
    places = [int(re.search(r"step (\d+) of 4", screen)[1]) for screen in screens]
    assert places == [0, 1, 2, 3, 2, 4, 0, 0]
    assert all("q quit" in screen for screen in screens)


def test_stepping_on_a_terminal() -> None:
    pty = pytest.importorskip("pty", reason="terminals are imitated by pseudo-terminals")
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "chainrule", "explain", "x*y", "x=3", "y=2"],
        stdin=follower, stdout=follower, stderr=follower,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "80", "LINES": "24"},
    )  # fmt: skip
    os.close(follower)
    written = b""

    def until(text: str) -> None:
        nonlocal written
        end = time.monotonic() + 30
        while text.encode() not in written and time.monotonic() < end:
            if select.select([leader], [], [], 0.5)[0]:
                written += os.read(leader, 65536)
        assert text in written.decode(), written

    until("step 0 of 2")
    os.write(leader, b"\x1b[C")
    until("step 1 of 2, forwards")
    os.write(leader, b"\x1b[C")
    until("multiply swaps")
    written = b""
    os.write(leader, b"\x1b[D\x1b[D\x1b[C")  # typed faster than screens are drawn: none is lost
    until("step 0 of 2")
    until("step 1 of 2")
    os.write(leader, b"q")
    assert process.wait(timeout=30) == 0
    os.close(leader)
