"""Code for 64-bit ARM, cross-compiled: it assembles, uses multiply-add by element, spills nothing."""

from __future__ import annotations

import re

import golden_programs
import llvmlite.binding as llvm
import pytest

TRIPLE = "aarch64-unknown-linux-gnu"


@pytest.fixture(scope="module")
def machine():
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    try:
        return llvm.Target.from_triple(TRIPLE).create_target_machine(cpu="neoverse-n1", opt=2)
    except RuntimeError:
        pytest.skip("this build of LLVM has no AArch64 back end")


@pytest.mark.parametrize("name", ["affine_layer.neon", "update.neon"])
def test_products_compile_to_clean_loops(machine, name):
    module = llvm.parse_assembly(golden_programs.generate_all()[name])
    module.triple = TRIPLE
    module.data_layout = str(machine.target_data)
    module.verify()
    text = machine.emit_assembly(module)
    loops = re.split(r"^\.?L\w+:|^\w+:", text, flags=re.M)
    products = [b for b in loops if b.count("fmla") >= 8]
    assert products
    assert re.search(r"fmla\s+v\d+\.4s, v\d+\.4s, v\d+\.s\[0\]", text) or "ld1r" in text
    for loop in products:
        assert "Spill" not in loop
        assert "Reload" not in loop
