"""Peers are compared on the samples that the op records carry."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "generated"))
