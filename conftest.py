"""For all tests: what every doctest may use without importing it; the same examples every time.

Hypothesis draws the same examples in every run, so that a result can be repeated; with
``CHAINRULE_EXPLORE=1`` it looks for new ones.
"""

from __future__ import annotations

import os
from typing import Any

import hypothesis
import numpy as np
import pytest

import chainrule as cr

hypothesis.settings.register_profile("repeatable", derandomize=True)
if not os.environ.get("CHAINRULE_EXPLORE"):
    hypothesis.settings.load_profile("repeatable")


@pytest.fixture(autouse=True)
def _names_for_doctests(doctest_namespace: dict[str, Any]) -> None:
    doctest_namespace["cr"] = cr
    doctest_namespace["np"] = np
