"""SPEC C7: a mapped array trains without being loaded whole."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROWS, COLUMNS = 400_000, 65  # 104 MB of float32

PROGRAM = """
import sys
import numpy as np
import chainrule as cr
from chainrule.data import MappedRows, prepare, read, scaling
from chainrule.train import Callback, Trainer

def anonymous():  # memory that is not a page of a mapped file
    for line in open("/proc/self/status"):
        if line.startswith("RssAnon"):
            return int(line.split()[1]) / 1024

class Watch(Callback):
    peak = 0.0
    def on_step_end(self, trainer, totals):
        self.peak = max(self.peak, anonymous())

scaling._MAPPED_BYTES = 1 if sys.argv[2] == "mapped" else 2**40
model = cr.nn.Sequential(cr.nn.Linear(64, 1))
start = anonymous()
parts = prepare(read(sys.argv[1]))
assert isinstance(parts.train.inputs, MappedRows) == (sys.argv[2] == "mapped")
watch = Watch()
trainer = Trainer(model, "mse", cr.optim.SGD(model.parameters(), lr=0.1), compiled=False)
history = trainer.fit(parts.train, epochs=1, batch_size=4096, callbacks=[watch])
print(max(watch.peak, anonymous()) - start, history["loss"][-1])
"""


@pytest.fixture(scope="module")
def big_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("big") / "big.npy"
    array = np.lib.format.open_memmap(path, "w+", np.float32, (ROWS, COLUMNS))
    rng = np.random.default_rng(0)
    for start in range(0, ROWS, 50_000):
        chunk = rng.standard_normal((50_000, COLUMNS), dtype=np.float32)
        chunk[:, -1] = chunk[:, :4].sum(axis=1)
        array[start : start + 50_000] = chunk
    array.flush()
    return path


def run(path: Path, how: str) -> tuple[float, float]:
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path), how], capture_output=True, text=True, check=True
    )
    growth, loss = result.stdout.split()
    return float(growth), float(loss)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_mapped_array_trains_in_a_fraction_of_its_size(big_file: Path) -> None:
    """The limit is seen to be exceeded when the same file is loaded."""
    limit = big_file.stat().st_size / 2**20 * 0.75
    growth, loss = run(big_file, "mapped")
    loaded_growth, loaded_loss = run(big_file, "loaded")
    assert growth < limit < loaded_growth
    assert loss == loaded_loss
