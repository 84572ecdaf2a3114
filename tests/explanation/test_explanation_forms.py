"""Text, DOT, Mermaid, SVG, HTML, JSON: each whole, each with values and gradients (SPEC D6)."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ArgumentError

SVG = "{http://www.w3.org/2000/svg}"


def f(x, y, z):
    q = x + y
    return q * z


@pytest.fixture
def explained() -> cr.explanation.Explanation:
    return cr.explain(f, -2.0, 5.0, -4.0)


class Page(HTMLParser):
    """Elements of a page with their ids, and the text of its scripts by id."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.open: list[str] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.ids += [v for k, v in attrs if k == "id" and v]
        self.links += [v for k, v in attrs if k in ("src", "href") and v]
        self.open.append(tag)
        if tag == "script":
            self.scripts.append((found, ""))

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.scripts[-1] = (self.scripts[-1][0], self.scripts[-1][1] + data)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass


def test_the_page_is_one_file_without_network_access(explained) -> None:
    text = explained.html()
    page = Page(text)
    assert page.links == []
    assert set(re.findall(r"https?://[^\"' ]+", text)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"\b(fetch|XMLHttpRequest|import)\s*\(|@import|url\((?!#)", text)


def test_the_script_finds_every_element_it_asks_for(explained) -> None:
    page = Page(explained.html())
    script = next(code for attributes, code in page.scripts if "type" not in attributes)
    wanted = set(re.findall(r'(?:find|getElementById)\("([a-z]+)"\)', script))
    assert {"next", "back", "first", "last", "place", "data"} <= wanted
    assert wanted <= set(page.ids)
    assert {"ArrowRight", "ArrowLeft", "Home", "End"} <= set(re.findall(r"[A-Z]\w+", script))


def test_the_page_holds_every_step_and_a_gate_for_each(explained) -> None:
    text = explained.html()
    data = json.loads(next(code for a, code in Page(text).scripts if a.get("id") == "data"))
    assert "<h1>f(x, y, z)</h1>" in text
    assert [step["direction"] for step in data["steps"]] == ["forward"] * 2 + ["backward"] * 2
    assert data["forwards"] == 2
    names = set(re.findall(r'<g class="gate" data-name="([^"]*)"', text))
    assert {step["name"] for step in data["steps"]} | set(data["given"]) <= names
    edges = set(re.findall(r'data-from="([^"]*)" data-to="([^"]*)"', text))
    for step in data["steps"]:
        assert all((share["to"], step["name"]) in edges for share in step["shares"])
    assert data["steps"][2]["words"] == list(explained.steps()[2].words)


def test_names_and_texts_cannot_break_out_of_the_page() -> None:
    def harm(x):
        return x * 2.0

    harm.__name__ = "</script><script>alert(1)</script>"
    text = cr.explain(harm, 1.0).html()
    assert "<script>alert" not in text
    assert len(Page(text).scripts) == 2
    assert text.count("</script>") == 2


def test_the_picture_has_values_gradients_and_something_to_hover(explained) -> None:
    root = ElementTree.fromstring(explained.svg())
    gates = {g.get("data-name"): g for g in root.iter(f"{SVG}g") if g.get("class") == "gate"}
    assert set(gates) == {"x", "y", "z", "q", "%1"}
    shown = {
        name: tuple(
            t.text
            for kind in ("value", "gradient")
            for t in g.iter(f"{SVG}text")
            if t.get("class") == kind
        )
        for name, g in gates.items()
    }
    assert shown == {
        "x": ("-2", "-4"), "y": ("5", "-4"), "z": ("-4", "3"), "q": ("3", "-4"), "%1": ("-12", "1"),
    }  # fmt: skip
    title = gates["q"].find(f"{SVG}title")
    assert title is not None
    assert "q = add(x, y)" in (title.text or "")
    assert "q = x + y" in (title.text or "")  # the line of the source
    assert "gradient -4" in (title.text or "")


def test_dot_and_mermaid_have_shapes_values_and_gradients(explained) -> None:
    assert r'label="q = add\nfloat64[]\nvalue 3\ngradient -4"' in explained.dot()
    assert "q = add<br/>float64[]<br/>value 3<br/>gradient -4" in explained.mermaid()


def test_pictures_of_arrays_carry_the_gradients_of_the_sum() -> None:
    explanation = cr.explain(lambda x: x * np.array([3.0, 4.0]), np.ones(2))
    assert ">‖·‖ 5</text>" in explanation.svg()  # the gradient of x is (3, 4)
    graph = cr.trace(lambda x: x * np.array([3.0, 4.0]), np.ones(2))
    assert ">‖·‖ 1.41</text>" in graph.to_svg()
    assert 'class="gradient"' not in graph.to_svg()


def test_text_fits_80_columns_and_names_every_gate() -> None:
    def deep(a_rather_long_name, another_rather_long_name):
        intermediate_result = np.tanh(a_rather_long_name @ another_rather_long_name)
        return (intermediate_result * intermediate_result * a_rather_long_name).sum()

    explanation = cr.explain(deep, np.ones(30), np.ones(30))
    lines = explanation.text().splitlines()
    assert max(map(len, lines)) <= 80
    assert sum(bool(re.match(r" {0,3}\d+ ", line)) for line in lines) == len(explanation.steps())
    assert str(explanation) == explanation.text()


def test_plain_data_can_be_written_as_json(explained) -> None:
    data = json.loads(explained.to_json())
    assert data["gradients"] == {"x": -4.0, "y": -4.0, "z": 3.0}
    assert data["steps"][2]["shares"][0] == {
        "to": "q", "share": -4.0, "total": -4.0, "nth": 1, "count": 1,
    }  # fmt: skip
    with np.errstate(divide="ignore", invalid="ignore"):
        infinite = cr.explain(lambda x: 1.0 / x, 0.0).to_json()
    assert json.loads(infinite, parse_constant=pytest.fail)["output"]["value"] == "inf"


def test_saving_goes_by_the_name(explained, tmp_path: Path) -> None:
    beginnings = {"a.html": "<!doctype html>", "a.svg": "<svg", "a.dot": "digraph", "a.mmd": "flowchart",
                  "a.txt": "f(x, y, z)", "a.json": "{"}  # fmt: skip
    for name, beginning in beginnings.items():
        assert explained.save(tmp_path / name).read_text(encoding="utf-8").startswith(beginning)
    with pytest.raises(ArgumentError, match=r"it ends in one of \.html"):
        explained.save(tmp_path / "a.png")
