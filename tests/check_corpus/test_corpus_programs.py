"""Every program of the corpus is right: its gradients equal central differences. SPEC D2."""

import ast

import numpy as np
import pytest
from benchmarks.checker import corpus
from benchmarks.checker.differences import numerical_gradient

PROGRAMS = list(corpus.programs())
IDS = [p.name for p in PROGRAMS]


def worst_error(program, module, seed):
    inputs = program.make_inputs(np.random.default_rng(seed))
    found = corpus.gradients(program, module, inputs)
    worst = 0.0
    for where, gradient in found.items():
        true = numerical_gradient(program, module, inputs, where)
        assert np.shape(gradient) == true.shape, f"{where}: {np.shape(gradient)} != {true.shape}"
        scale = max(1e-1, float(np.abs(true).max(initial=0.0)))
        worst = max(worst, float(np.abs(gradient - true).max(initial=0.0)) / scale)
    return worst


@pytest.mark.parametrize("program", PROGRAMS, ids=IDS)
@pytest.mark.parametrize("seed", [1, 2])
def test_gradients_equal_central_differences(program, seed):
    module = corpus.load(program.path)
    assert worst_error(program, module, seed) < 1e-8


@pytest.mark.parametrize("program", PROGRAMS, ids=IDS)
def test_gradients_in_float32_equal_those_in_float64(program):
    module = corpus.load(program.path)
    double = program.make_inputs(np.random.default_rng(3))
    single = corpus.cast(double, np.float32)
    expected = corpus.gradients(program, module, double)
    found = corpus.gradients(program, module, single)
    for where, gradient in expected.items():
        scale = max(1e-3, float(np.abs(gradient).max(initial=0.0)))
        assert np.abs(found[where] - gradient).max(initial=0.0) < 2e-3 * scale, where


@pytest.mark.parametrize("program", PROGRAMS, ids=IDS)
def test_program_imports_only_numpy_and_declarations(program):
    for node in ast.walk(ast.parse(program.source)):
        if isinstance(node, ast.Import):
            assert [a.name for a in node.names] == ["numpy"]
        if isinstance(node, ast.ImportFrom):
            assert node.module in ("dataclasses", "typing")


@pytest.mark.parametrize("program", PROGRAMS, ids=IDS)
def test_program_does_not_change_its_inputs(program):
    module = corpus.load(program.path)
    inputs = program.make_inputs(np.random.default_rng(4))
    again = program.make_inputs(np.random.default_rng(4))
    bound = corpus.bind(program, module, inputs)
    before = [repr(a) for a in bound.args]
    first = bound.functions[0](*bound.args)
    assert [repr(a) for a in bound.args] == before
    assert first is not None
    assert repr(inputs) == repr(again)


def test_a_wrong_gradient_is_seen(tmp_path):
    program = next(p for p in PROGRAMS if p.name == "two_layer_net_l2")
    wrong = tmp_path / "wrong.py"
    wrong.write_text(program.source.replace("dW1 += reg * W1", "dW1 += 1.0001 * reg * W1"))
    assert worst_error(program, corpus.load(wrong), 1) > 1e-7


def test_every_file_has_a_record_and_every_record_a_file():
    files = {p.stem for f in corpus.FOLDERS for p in (corpus.CORPUS / f).glob("*.py")}
    assert files == {p.name for p in PROGRAMS}
    assert len(IDS) == len(set(IDS)) >= 44
