"""The code on every page runs and prints what the page shows; the runner itself is tested below."""

from __future__ import annotations

from pathlib import Path

import page_runner
import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_code_of_page_runs_as_shown(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MPLBACKEND", "Agg")
    page_runner.run_page(page, tmp_path)


def test_links_between_pages_lead_somewhere() -> None:
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in PAGES
        for target in page_runner.local_links(page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert not broken


WRONG_PAGES = {
    "raises": "```python\n1 / 0\n```",
    "prints something else": "```python\nprint(1)\n```\n\n```text\n2\n```",
    "wrong doctest": "```python\n>>> 1 + 1\n3\n```",
    "wrong exit code": "```console\n$ chainrule --version\n$ echo $?\n1\n```",
    "wrong output": "```console\n$ chainrule --version\nversion zero\n```",
    "unknown command": "```console\n$ chainrule no-such-command\n```",
    "left out by a mark": "```python no-run\n1 / 0\n```",
    "unknown language": "```pyhton\nprint(1)\n```",
    "second namespace": "```python\nx = 1\n```\n\ntext\n\n```python\nassert x == 2\n```",
}


@pytest.mark.parametrize("text", WRONG_PAGES.values(), ids=WRONG_PAGES)
def test_runner_catches_a_wrong_page(text: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# Page\n\n{text}\n", encoding="utf-8")
    with pytest.raises(page_runner.PageError, match=r"page\.md:\d+"):
        page_runner.run_page(page, tmp_path)


def test_runner_runs_every_block_in_one_namespace_and_directory(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "```python\nx = 6\nopen('file', 'w').write('here')\nprint('a', x)\n```\n\n"
        "```text\na ...\n```\n\n1. item\n\n   ```python\n   print(open('file').read())\n   ```\n"
        "   ```text\n   here\n   ```\n\n"
        "```python\n>>> x * 7\n42\n```\n\n"
        "```console\n$ chainrule no-such-command\n$ echo $?\n2\n```\n\n"
        "```console\n$ make run\n```\n",
        encoding="utf-8",
    )
    assert page_runner.run_page(page, tmp_path) == 5
    assert (tmp_path / "file").read_text() == "here"
