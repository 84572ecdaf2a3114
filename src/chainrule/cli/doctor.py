"""``chainrule doctor``: what is installed, what the processor can do, and whether it all works."""

from __future__ import annotations

import os
import platform
import sys
from importlib import metadata
from typing import Any

import click

from chainrule import __version__
from chainrule.cli.terminal import Terminal, common_options, pass_terminal

__all__ = ["command"]

# Package → the extra that brings it; "" for those that chainrule cannot do without.
PACKAGES = {
    "numpy": "",
    "llvmlite": "",
    "click": "",
    "rich": "",
    "safetensors": "",
    "scikit-learn": "data",
    "pandas": "data",
    "pyarrow": "data",
    "pillow": "data",
    "matplotlib": "plot",
    "onnx": "onnx",
    "tensorboard": "tensorboard",
}

# Instruction sets that decide the width of the kernels, widest first, with float32 lanes.
VECTORS = {
    "avx512f": ("AVX-512", 16),
    "avx2": ("AVX2", 8),
    "neon": ("NEON", 4),
    "sse2": ("SSE2", 4),
}


@click.command("doctor")
@common_options
@pass_terminal
def command(terminal: Terminal) -> None:
    """Show versions, processor and threads, and check that gradients and training are right.

    Exit code 0 when every check passes, 1 when one fails.
    """
    from chainrule.cli.self_check import CHECKS

    record: dict[str, Any] = {
        "chainrule": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "packages": package_versions(),
        "processor": processor(),
    }
    describe(terminal, record)
    outcomes: list[dict[str, Any]] = []
    record["checks"] = outcomes
    terminal.say("\nSelf-check")
    for name, check in CHECKS.items():
        try:
            passed, detail = check()
        except Exception as error:  # any failure at all is what this command is here to report
            passed, detail = False, f"{type(error).__name__}: {error}"
        outcomes.append({"name": name, "passed": passed, "detail": detail})
        terminal.say(
            f"  {'✓' if passed else '✗'} {name:<40}{detail}", style=None if passed else "red"
        )
    failed = [outcome["name"] for outcome in outcomes if not outcome["passed"]]
    record["ok"] = not failed
    terminal.result(record)
    if failed:
        terminal.note(f"{len(failed)} of {len(outcomes)} checks failed: {', '.join(failed)}")
        raise SystemExit(1)
    terminal.say("\nAll checks passed.", style="green")


def package_versions() -> dict[str, str | None]:
    """Return the installed version of each package that chainrule can use, or None."""
    versions: dict[str, str | None] = {}
    for package in PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = None
    return versions


def processor() -> dict[str, Any]:
    """Return the processor's name, vector width, usable cores and the thread setting."""
    from llvmlite import binding

    features = binding.get_host_cpu_features()
    vectors = next(
        (
            {"name": name, "float32_lanes": lanes}
            for key, (name, lanes) in VECTORS.items()
            if features.get(key)
        ),
        {"name": "none found", "float32_lanes": 1},
    )
    affinity = getattr(os, "sched_getaffinity", None)  # Linux only
    return {
        "name": binding.get_host_cpu_name(),
        "vectors": vectors,
        "fma": bool(features.get("fma")) or platform.machine() in ("aarch64", "arm64"),
        "cores": len(affinity(0)) if affinity else os.cpu_count(),
        "omp_num_threads": os.environ.get("OMP_NUM_THREADS"),
    }


def describe(terminal: Terminal, record: dict[str, Any]) -> None:
    """Print what is installed and what the processor can do."""
    terminal.say(
        f"chainrule {record['chainrule']} · Python {record['python']} · {record['system']}"
    )
    terminal.say(f"  {sys.executable}", style="dim")
    terminal.say("\nPackages")
    for package, version in record["packages"].items():
        extra = PACKAGES[package]
        absent = f"absent; pip install 'chainrule[{extra}]' brings it" if extra else "ABSENT"
        terminal.say(f"  {package:<14}{version or absent}", style=None if version else "dim")
    cpu = record["processor"]
    lanes = cpu["vectors"]["float32_lanes"]
    threads = cpu["omp_num_threads"]
    terminal.say("\nProcessor")
    terminal.say(f"  {'name':<14}{cpu['name']}")
    fused = "with" if cpu["fma"] else "without"
    terminal.say(f"  {'vectors':<14}{cpu['vectors']['name']}: {lanes} float32 at once, {fused} FMA")
    limit = f"OMP_NUM_THREADS={threads}" if threads else "OMP_NUM_THREADS is not set"
    terminal.say(f"  {'cores':<14}{cpu['cores']} usable; {limit}")
