"""Print the checker's figures: ``python -m benchmarks.checker``.

Everything is fixed by seeds, so two runs print the same figures but for the seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path

# Threads of the BLAS would only quarrel with the processes of this benchmark.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
# Python ≥ 3.12 could hang in fork with threads; processes are started before any thread exists.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src"))

import numpy as np  # noqa: E402

from benchmarks.checker import corpus  # noqa: E402
from benchmarks.checker.figures import Record, Trial, failures, report  # noqa: E402
from benchmarks.checker.mutants import Mutant, mutants, write  # noqa: E402
from benchmarks.checker.scoring import score  # noqa: E402
from benchmarks.checker.subject import ask  # noqa: E402

MEMORY = 4 << 30


def _bound_memory() -> None:
    """A check that asks for too much memory is to raise, not to take the machine down."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def _program(name: str) -> corpus.Program:
    return next(p for p in corpus.programs() if p.name == name)


def _record(mutant: Mutant) -> Record:
    return Record(
        program=mutant.program.name,
        number=mutant.number,
        status=mutant.status,
        kind=mutant.kind,
        kinds=mutant.kinds,
        line=mutant.line,
        lines=mutant.lines,
        operator=mutant.edit.operator,
        diff=mutant.diff(),
    )


def judge_mutants(name: str, every: int, offset: int) -> list[Record]:
    """Plant slips in the program `name` and score the answers on each `every`-th from `offset`."""
    program = _program(name)
    records = []
    with tempfile.TemporaryDirectory() as folder:
        for place, mutant in enumerate(mutants(program)):
            record = _record(mutant)
            if mutant.status != "equivalent":
                if place % every != offset:
                    continue
                inputs = program.make_inputs(np.random.default_rng(mutant.seed))
                answer = ask(program, write(mutant, Path(folder)), inputs)
                record.answer = asdict(answer)
                record.score = asdict(score(mutant, answer))
            records.append(record)
    return records


def judge_correct(name: str, seeds: range) -> list[Trial]:
    """The checker's verdicts on the correct program `name`, in both dtypes, kinks hit on purpose."""
    program = _program(name)
    trials = []
    for seed in seeds:
        for dtype in (np.float64, np.float32):
            for kinked in (False, True) if program.kinks else (False,):
                rng = np.random.default_rng(1000 + seed)
                make = program.make_kinked_inputs if kinked else program.make_inputs
                answer = ask(program, program.path, make(rng, dtype))
                trial = Trial(
                    name, seed, np.dtype(dtype).name, kinked, answer.verdict, answer.seconds
                )
                if answer.verdict != "right":
                    trial.answer = asdict(answer)
                trials.append(trial)
    return trials


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.checker", description=__doc__)
    parser.add_argument("programs", nargs="*", help="names of programs (all of the folder)")
    parser.add_argument("--folder", choices=corpus.FOLDERS, default="programs")
    parser.add_argument("--seeds", type=int, default=200, help="seeds for the correct programs")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--every", type=int, default=1, help="try only each n-th slip")
    parser.add_argument("--offset", type=int, default=0, help="the first slip to try")
    parser.add_argument("--only", choices=("slips", "correct"), help="one half of the figures")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--failures", type=Path, help="write what went wrong to this file")
    parser.add_argument("--json", type=Path, help="write every answer to this file")
    return parser.parse_args()


def _split(seeds: range, size: int = 25) -> Iterator[range]:
    for start in range(seeds.start, seeds.stop, size):
        yield range(start, min(start + size, seeds.stop))


def main() -> int:
    options = _arguments()
    names = options.programs or [p.name for p in corpus.programs(options.folder)]
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    records: list[Record] = []
    trials: list[Trial] = []
    start = time.perf_counter()
    with ProcessPoolExecutor(options.jobs, initializer=_bound_memory) as pool:
        slips = [
            pool.submit(judge_mutants, name, options.every, options.offset)
            for name in names
            if options.only != "correct"
        ]
        correct = [
            pool.submit(judge_correct, name, some)
            for name in names
            for some in _split(seeds)
            if options.only != "slips"
        ]
        for future in slips:
            records += future.result()
        for future in correct:
            trials += future.result()
    seconds = time.perf_counter() - start
    print(report(records, trials))
    print(f"\n{len(names)} programs in {seconds:.0f} s, {options.jobs} processes")
    if options.failures:
        options.failures.write_text(failures(records, trials), encoding="utf-8")
    if options.json:
        content = {
            "records": [asdict(r) for r in records],
            "trials": [asdict(t) for t in trials],
        }
        options.json.write_text(json.dumps(content, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
