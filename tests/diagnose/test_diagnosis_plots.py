"""Gradient plots: by layer, over training, distributions; PNG and SVG (SPEC D4)."""

from __future__ import annotations

import builtins
import re
from pathlib import Path

import numpy as np
import pytest
from sick_networks import layers, moons, trained

import chainrule as cr
from chainrule import nn
from chainrule.errors import ArgumentError, MissingExtraError

pytest.importorskip("matplotlib", reason="pictures need the plot extra")


@pytest.fixture(scope="module")
def watch() -> cr.diagnose.Watch:
    cr.manual_seed(0)
    return trained(layers(nn.Tanh, 3, 8), steps=30, every=3)


@pytest.mark.parametrize(
    "what",
    ["overview", "norms", "training", "map", "ratios", "flat", "loss", "gradients", "weights",
     "activations", "updates"],
)  # fmt: skip
def test_every_picture_is_written_as_png_and_svg(watch, what: str, tmp_path: Path) -> None:
    path = watch.plot(tmp_path / "a.png", what)
    assert path.read_bytes().startswith(b"\x89PNG")
    svg = cr.diagnose.plot(watch, tmp_path / "a.svg", what).read_text(encoding="utf-8")
    assert "<svg" in svg
    assert path.stat().st_size > 5000


def test_bars_are_the_norms_of_the_first_and_the_last_look(watch) -> None:
    (axes,) = watch.plot(what="norms").axes
    widths = [bar.get_width() for bar in axes.patches]
    expected = [
        look.layers[name].gradient
        for look in (watch.looks[0], watch.looks[-1])
        for name in ("0", "2", "4", "6")
    ]
    assert widths == pytest.approx(expected)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["0", "2", "4", "6"]


def test_lines_and_map_show_every_look_of_every_layer(watch) -> None:
    (axes,) = watch.plot(what="training").axes
    lines = {line.get_label(): line for line in axes.lines}
    assert list(lines) == ["0", "2", "4", "6"]
    for name, line in lines.items():
        np.testing.assert_allclose(line.get_xdata(), [look.step for look in watch.looks])
        np.testing.assert_allclose(
            line.get_ydata(), [look.layers[name].gradient for look in watch.looks]
        )
    image = watch.plot(what="map").axes[0].images[0].get_array()
    assert image.shape == (4, len(watch.looks))
    assert image[0, 0] == pytest.approx(np.log10(watch.looks[0].layers["0"].gradient))


def test_update_ratios_are_drawn_beside_what_is_usual(watch) -> None:
    (axes,) = watch.plot(what="ratios").axes
    line = next(line for line in axes.lines if line.get_label() == "0")
    np.testing.assert_allclose(
        line.get_ydata(), [look.layers["0"].update for look in watch.looks], equal_nan=True
    )


@pytest.mark.parametrize("what", ["gradients", "weights", "activations", "updates"])
def test_distributions_have_a_panel_per_layer_and_a_column_per_look(watch, what: str) -> None:
    figure = watch.plot(what=what)
    names = list(watch.looks[-1].activations if what == "activations" else watch.looks[-1].layers)
    assert [axes.get_title(loc="left") for axes in figure.axes] == names
    for axes in figure.axes:
        shares = np.asarray(axes.images[0].get_array()) ** 2
        assert shares.shape[1] == len(watch.looks)
        sums = shares.sum(axis=0)
        # every column is a distribution; the last look has no update yet
        assert sums[:-1] == pytest.approx(np.ones(len(watch.looks) - 1))


def test_deep_networks_are_thinned_and_say_so() -> None:
    cr.manual_seed(0)
    watch = trained(layers(nn.ReLU, 30, 4), steps=1)
    assert len(watch.plot(what="training").axes[0].lines) == 8
    figure = watch.plot(what="weights")
    assert len(figure.axes) == 24
    assert "(7 more)" in figure.get_suptitle()


def test_the_title_says_the_verdict() -> None:
    cr.manual_seed(0)
    watch = trained(layers(nn.Sigmoid, 20, 8), steps=1)
    assert watch.plot().get_suptitle().startswith("vanishing: 1 looks")


def test_a_trained_watch_draws_itself_and_writes_its_directory(tmp_path: Path) -> None:
    seen = cr.diagnose.TrainingWatch(tmp_path / "said")
    with pytest.raises(ArgumentError, match="nothing to draw"):
        seen.plot()
    trainer = cr.Trainer(layers(nn.Tanh, 1, 4), "cross_entropy", "adam")
    trainer.fit(moons(0), epochs=2, callbacks=[seen])
    assert (tmp_path / "said" / "diagnosis.png").stat().st_size > 5000
    assert "Healthy" in (tmp_path / "said" / "diagnosis.txt").read_text(encoding="utf-8")
    assert seen.plot(what="norms").axes


def test_what_cannot_be_drawn_is_refused(watch) -> None:
    with pytest.raises(ArgumentError, match="what is one of overview, norms"):
        watch.plot(what="everything")
    with pytest.raises(ArgumentError, match="nothing to draw"):
        cr.diagnose.watch(nn.Linear(1, 1)).plot()


def test_without_matplotlib_one_line_says_what_to_install(
    watch, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    real = builtins.__import__

    def absent(name: str, *args, **kwargs):
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(MissingExtraError, match=re.escape("pip install 'chainrule[plot]'")):
        watch.plot()
    seen = cr.diagnose.TrainingWatch(tmp_path)
    trainer = cr.Trainer(layers(nn.Tanh, 1, 4), "cross_entropy", "adam")
    trainer.fit(moons(0), epochs=1, callbacks=[seen])
    assert (tmp_path / "diagnosis.txt").exists()  # the words come without it
    assert not (tmp_path / "diagnosis.png").exists()
