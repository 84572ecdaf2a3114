"""The IR of a few small programs is what it was."""

from __future__ import annotations

import golden_programs
import pytest

GENERATED = golden_programs.generate_all()


@pytest.mark.parametrize("name", GENERATED)
def test_generated_ir_is_unchanged(name):
    """A difference that was meant: run ``python tests/compiler/golden_programs.py`` and look at it."""
    assert GENERATED[name] == (golden_programs.GOLDEN / f"{name}.ll").read_text()


def test_generation_is_deterministic():
    assert golden_programs.generate_all() == GENERATED


def test_every_golden_file_belongs_to_a_program():
    assert {p.stem for p in golden_programs.GOLDEN.glob("*.ll")} == set(GENERATED)


def test_an_update_does_not_write_its_gradient():
    """Seen in the IR: the only store of the kernel goes to the parameter it loads."""
    text = GENERATED["update.avx512"]
    kernel = text[
        text.index("define internal void @contract") : text.index("define internal void @step")
    ]
    stores = [line for line in kernel.splitlines() if " store " in line]
    assert stores
    assert kernel.count("ptr noalias %a") == 3
