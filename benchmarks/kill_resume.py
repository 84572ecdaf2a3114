"""Kill training runs at random moments, resume them, compare the bits: ``python -m benchmarks.kill_resume``.

A worker trains a small network with everything that has state (dropout, batch normalisation, Adam,
a schedule, early stopping, clipping) and writes a checkpoint every few steps; once with native
epochs, once with eager ones that accumulate batches. The parent kills it (``SIGKILL``) after a
random time, up to three times a trial, lets it resume to the end, and compares a digest of weights,
slots, running statistics and history with that of a run that was left alone. ``lost`` counts trials
whose digest differs.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SAMPLES, BATCH = 240, 16
EPOCHS = {"native": 150, "eager": 15}


def train(kind: str, checkpoint: Path) -> str:
    """Train to the end, resuming if there is a checkpoint; returns the digest."""
    import numpy as np

    import chainrule as cr
    from chainrule import nn
    from chainrule.train import EarlyStopping, Trainer

    cr.manual_seed(11)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(SAMPLES, 12)).astype(np.float32)
    y = (x[:, :3].sum(axis=1) > 0).astype(np.int64)
    model = nn.Sequential(
        nn.Linear(12, 24), nn.BatchNorm1d(24), nn.ReLU(), nn.Dropout(0.2), nn.Linear(24, 2)
    )
    optimizer = cr.optim.Adam(model.parameters(), lr=0.01)
    epochs, native = EPOCHS[kind], kind == "native"
    batches = 1 if native else 2
    steps = epochs * -(-SAMPLES * 3 // 4 // (BATCH * batches))
    trainer = Trainer(
        model,
        "cross_entropy",
        optimizer,
        metrics=["accuracy"],
        seed=5,
        scheduler=schedule(kind, optimizer, epochs, steps),
        schedule="epoch" if native else "step",
        clip_norm=0.5,
        accumulate=batches,
        compiled=native,
    )
    print("ready", flush=True)
    history = trainer.fit(
        (x, y),
        epochs=epochs,
        batch_size=BATCH,
        validation=0.25,
        callbacks=[EarlyStopping(patience=epochs)],
        checkpoint=checkpoint,
        checkpoint_every=2,
        resume=True,
        progress=False,
    )
    return digest(model, optimizer, history)


def schedule(kind: str, optimizer: Any, epochs: int, steps: int) -> Any:
    """A learning rate that changes by epoch for native epochs, else by step."""
    from chainrule.optim import lr_scheduler

    if kind == "native":
        return lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs)
    return lr_scheduler.OneCycleLR(optimizer, max_lr=0.02, total_steps=steps + 1)


def digest(model: Any, optimizer: Any, history: Any) -> str:
    """Of every bit that training decides; times are left out."""
    found = hashlib.sha256()
    for name, value in model.state_dict().items():
        found.update(name.encode() + value.numpy().tobytes())
    for number, slots in optimizer.state_dict()["state"].items():
        for name, value in slots.items():
            found.update(f"{number}{name}".encode() + value.numpy().tobytes())
    timing = ("seconds", "samples_per_second")
    for row in history.rows:
        found.update(repr([(k, v) for k, v in row.items() if k not in timing]).encode())
    return found.hexdigest()


def start(kind: str, checkpoint: Path) -> subprocess.Popen[str]:
    """A worker process."""
    command = [sys.executable, "-m", "benchmarks.kill_resume", "--worker", kind, str(checkpoint)]
    root = Path(__file__).resolve().parents[1]
    environment = {**os.environ, "PYTHONPATH": str(root / "src"), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root, env=environment)


def finish(kind: str, checkpoint: Path) -> tuple[str, float]:
    """Let a worker run to its end; its digest, and the seconds it trained."""
    worker = start(kind, checkpoint)
    assert worker.stdout is not None
    worker.stdout.readline()
    begun = time.perf_counter()
    out = worker.communicate()[0]
    if worker.returncode:
        return f"the worker failed with {worker.returncode}", 0.0
    return out.strip().splitlines()[-1], time.perf_counter() - begun


def trial(
    kind: str, directory: Path, chance: random.Random, seconds: float, kills: int = 3
) -> tuple[str, int]:
    """Kill a run up to ``kills`` times and resume it; its digest, and how often it was killed."""
    checkpoint = directory / "checkpoint.safetensors"
    killed = 0
    for _ in range(kills):
        worker = start(kind, checkpoint)
        assert worker.stdout is not None
        worker.stdout.readline()
        time.sleep(chance.uniform(0.0, 0.3 * seconds))
        if worker.poll() is None:
            worker.send_signal(signal.SIGKILL)
            killed += 1
        worker.communicate()
    return finish(kind, checkpoint)[0], killed


def run(kind: str, trials: int, seed: int = 0) -> dict[str, int]:
    """Run trials; how many were run, kills, and trials whose result differs."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as place:
        expected, seconds = finish(kind, Path(place) / "alone.safetensors")
    found = {"trials": 0, "kills": 0, "lost": 0}
    for _ in range(trials):
        with tempfile.TemporaryDirectory() as place:
            result, killed = trial(kind, Path(place), chance, seconds)
        found["trials"] += 1
        found["kills"] += killed
        found["lost"] += result != expected
    return found


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=20, help="of each kind of epoch")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--worker", nargs=2, metavar=("KIND", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        kind, checkpoint = options.worker
        print(train(kind, Path(checkpoint)))
        return
    lost = 0
    for kind in EPOCHS:
        found = run(kind, options.trials, options.seed)
        print(kind, " ".join(f"{name}={value}" for name, value in found.items()), flush=True)
        lost += found["lost"]
    sys.exit(lost > 0)


if __name__ == "__main__":
    main()
