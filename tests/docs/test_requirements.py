"""Every row of the requirements that is not marked as missing is cited by a test."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_row_is_cited_by_a_test() -> None:
    page = (ROOT / "docs" / "requirements.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| ([A-D]\d+) \| (.*)$", page, re.MULTILINE))
    assert len(rows) == 33
    tests = "\n".join(
        path.read_text(encoding="utf-8")
        for path in (ROOT / "tests").rglob("test_*.py")
        if path != Path(__file__)
    )
    cited = set(re.findall(r"\b[A-DW]\d+\b", " ".join(re.findall(r"SPEC[^\n.:]*", tests))))
    missing = [row for row, text in rows.items() if row not in cited and "not yet" not in text]
    assert not missing
    assert {"W1", "W2", "W3", "W4", "W5"} <= cited
