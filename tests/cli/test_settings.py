"""Settings are checked when they are made and survive their file exactly. SPEC C7."""

from __future__ import annotations

from pathlib import Path

import pytest

from chainrule.cli.settings import Settings
from chainrule.errors import ArgumentError, CheckpointError

ODD = Settings(
    data='odd "name" ü.csv',
    target="prix\\€",
    category=("a", "b"),
    hidden=(),
    lr=0.1 + 0.2,
    seed=2**40,
    image_size=(8, 9),
)


@pytest.mark.parametrize("settings", [Settings(), ODD])
def test_settings_survive_their_file_exactly(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "config.toml").write_text(settings.to_toml(), encoding="utf-8")
    assert Settings.read(tmp_path / "config.toml") == settings


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epochs = 1.5", "epochs = 1.5; a whole number is expected"),
        ("epochs = true", "a whole number is expected"),
        ("epochs = 0", "epochs = 0; at least 1"),
        ("hidden = [8, 2.5]", "a list of whole numbers is expected"),
        ("hidden = [0]", "hidden = 0; at least 1"),
        ("category = 'a'", "a list of texts is expected"),
        ("lr = 'fast'", "lr = 'fast'; a number is expected"),
        ("lr = -1", "'auto' or a number above 0"),
        ("dropout = 1", "a share from 0 to below 1"),
        ("activation = 'rulu'", "expected one of relu, tanh"),
        ("optimizer = 3", "a text is expected"),
        ("image_size = [8]", "height and width"),
        ("epoch = 3", "unknown setting epoch; known are data"),
    ],
)
def test_wrong_setting_is_refused_with_file_and_name(
    tmp_path: Path, text: str, message: str
) -> None:
    (tmp_path / "run.toml").write_text(text)
    with pytest.raises(ArgumentError, match=message) as caught:
        Settings.read(tmp_path / "run.toml")
    assert "run.toml" in str(caught.value)


def test_a_file_that_is_no_toml_is_refused_with_the_place(tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_bytes(b"epochs = = 3")
    with pytest.raises(CheckpointError, match=r"run.toml: no TOML file.*line 1"):
        Settings.read(tmp_path / "run.toml")


def test_options_change_what_the_file_says() -> None:
    assert Settings(epochs=5).changed({"lr": 1}) == Settings(epochs=5, lr=1.0)
