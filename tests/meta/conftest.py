"""The meta-tests run the checks of the generated tests on records made wrong on purpose."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "generated"))
