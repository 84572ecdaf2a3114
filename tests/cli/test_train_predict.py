"""`chainrule train` and `chainrule predict`, from a file to predictions. SPEC C7."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

import chainrule as cr
from chainrule.cli import main
from chainrule.cli.settings import Settings
from chainrule.data import load
from chainrule.errors import ArgumentError

CHOICES = ["heat pump", "oil", "gas"]


def flats(path: Path, n: int = 200, seed: int = 0) -> Path:
    """Write a table of mixed types with missing values; price and warmth follow from the rest."""
    rng = np.random.default_rng(seed)
    size, year = rng.uniform(30, 180, n), rng.integers(1950, 2020, n)
    heating = rng.choice(CHOICES, n)
    price = 2 * size + (year - 1950) + 60 * (heating == CHOICES[0]) + rng.normal(0, 5, n)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "size", "built", "heating", "note", "price", "warm"])
        for k in range(n):
            shown_size = "" if k % 17 == 3 else f"{size[k]:.1f}"
            shown_heating = "?" if k % 19 == 4 else heating[k]
            shown_price = "" if k == 7 else f"{price[k]:.1f}"
            warm = "no" if heating[k] == "oil" else "yes"
            writer.writerow(
                [
                    k + 1,
                    shown_size,
                    f"{year[k]}-01-01",
                    shown_heating,
                    f"no. {k}",
                    shown_price,
                    warm,
                ]
            )
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments])


def train(*arguments: object) -> dict[str, Any]:
    result = run("train", *arguments, "--json")
    assert result.exit_code == 0, result.output
    record: dict[str, Any] = json.loads(result.stdout)
    return record


@pytest.fixture(autouse=True)
def _in_an_empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_digits_reach_97_percent_in_seconds_and_everything_is_saved() -> None:
    """SPEC C7: handwritten digits offline; metrics, saved model, picture, configuration."""
    start = time.perf_counter()
    result = run("train")
    assert result.exit_code == 0, result.output
    assert time.perf_counter() - start < 60
    record = json.loads(Path("runs/digits/result.json").read_text())
    assert record["scores"]["test"]["accuracy"] >= 0.97
    assert sorted(p.name for p in Path("runs/digits").iterdir()) == [
        "checkpoint.safetensors", "config.toml", "curves.png", "history.jsonl",
        "model.safetensors", "preprocessing.json", "result.json",
    ]  # fmt: skip
    assert Path("runs/digits/curves.png").read_bytes()[:4] == b"\x89PNG"
    epochs = Path("runs/digits/history.jsonl").read_text().splitlines()
    assert len(epochs) == record["epochs"]
    assert all(np.isfinite(value) for value in record["gradient_norms"].values())
    for said in ("1797 samples", "0.weight", "Saved in runs/digits", "Try next"):
        assert said in result.stdout
    assert result.stderr == ""
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_regression_of_a_table_beats_the_mean_and_is_told_in_its_unit() -> None:
    record = train(flats(Path("flats.csv")), "--target", "price", "--out", "run")
    assert record["task"] == "regression"
    assert record["scores"]["test"]["mae"] < 0.25 * record["baseline"]["mae"]
    assert record["scores"]["test"]["r2"] > 0.85
    assert record["remarks"] == ["1 row without a value of 'price' is left out"]


def test_classification_of_a_table_is_detected() -> None:
    record = train(flats(Path("flats.csv")), "--target", "warm", "--ignore", "price")
    assert (record["task"], record["target"]) == ("classification", "warm")
    assert record["scores"]["test"]["accuracy"] > record["baseline"]["accuracy"]
    assert record["directory"] == "runs/flats"


def test_columns_are_shown_with_kind_missing_and_use() -> None:
    result = run("train", flats(Path("flats.csv")), "--target", "price", "--dry-run")
    assert result.exit_code == 0, result.output
    for words in (
        ["id", "row number", "counts the rows"],
        ["size", "number", "12", "1 input + missing"],
        ["built", "date", "1 input"],
        ["heating", "category", "11", "3 inputs + missing"],
        ["note", "text", "free text"],
        ["price", "number", "target: number"],
    ):
        assert any(all(w in line for w in words) for line in result.stdout.splitlines()), words


def test_dry_run_tells_the_cost_and_leaves_nothing_behind() -> None:
    result = run("train", "iris", "--hidden", "8,4", "--batch-size", "10", "--dry-run", "--json")
    cost = json.loads(result.stdout)["estimate"]
    assert cost["parameters"] == 4 * 8 + 8 + 8 * 4 + 4 + 4 * 3 + 3
    assert cost["operations_forward"] == 2 * 10 * (4 * 8 + 8 * 4 + 4 * 3)
    assert cost["operations_backward"] == 2 * cost["operations_forward"] - 2 * 10 * 4 * 8
    assert cost["steps_per_epoch"] == 11
    assert 0 < cost["seconds_per_epoch"] < 5
    assert list(Path().iterdir()) == []
    assert "operations forward" in run("train", "iris", "--dry-run").stdout


@pytest.mark.parametrize("epochs", ["40", "400"])
def test_kept_weights_are_those_of_the_best_epoch(epochs: str) -> None:
    """… whether the epochs ran one step at a time or natively (worth it for many)."""
    record = train("digits", "--epochs", epochs, "--patience", "8", "--lr", "0.02", "--out", "run")
    lines = Path("run/history.jsonl").read_text().splitlines()
    losses = [json.loads(line)["val_loss"] for line in lines]
    assert losses[record["kept_epoch"] - 1] == min(losses)
    assert record["kept_epoch"] < record["epochs"]
    assert record["scores"]["validation"]["loss"] == pytest.approx(min(losses), rel=1e-4)


def weights(directory: str) -> dict[str, bytes]:
    state = cr.load(Path(directory, "model.safetensors")).state_dict()
    return {name: value.numpy().tobytes() for name, value in state.items()}


def test_the_saved_configuration_repeats_the_run_to_the_bit() -> None:
    arguments = ("--dropout", "0.1", "--epochs", "3", "--lr", "auto", "--clip-norm", "1")
    first = train("iris", *arguments, "--out", "a")
    assert isinstance(first["settings"]["lr"], float)
    train("--config", "a/config.toml", "--out", "b")
    assert weights("a") == weights("b")
    assert Path("a/config.toml").read_bytes() == Path("b/config.toml").read_bytes()
    train("--config", "a/config.toml", "--seed", "1", "--out", "c")
    assert weights("a") != weights("c")


def test_options_given_besides_a_configuration_change_it() -> None:
    Path("run.toml").write_text('data = "iris"\nhidden = [4]\nepochs = 2\n')
    record = train("--config", "run.toml", "--hidden", "none", "--out", "run")
    assert record["network"]["sizes"] == [4, 3]
    assert record["epochs"] == 2


def test_killed_run_resumed_ends_with_the_same_bits() -> None:
    """SPEC C7: resume. The process is killed (SIGKILL) in the middle of an epoch's work."""
    options = ["digits", "--epochs", "25", "--patience", "0", "--lr", "0.005", "--dropout", "0.1"]
    train(*options, "--out", "whole")
    process = subprocess.Popen(
        [sys.executable, "-m", "chainrule", "train", *options, "--out", "cut", "--quiet"]
    )
    deadline = time.monotonic() + 60
    history = Path("cut/history.jsonl")
    while time.monotonic() < deadline and process.poll() is None:
        if history.exists() and len(history.read_text().splitlines()) >= 2:
            break
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not Path("cut/model.safetensors").exists()
    assert "has not finished" in run("predict", "cut", "digits").stderr
    done = len(history.read_text().splitlines())
    assert done < 25
    result = run("train", "--resume", "--out", "cut", "--quiet")
    assert result.exit_code == 0, result.output
    assert weights("cut") == weights("whole")
    losses = [
        [json.loads(line)["loss"] for line in Path(d, "history.jsonl").read_text().splitlines()]
        for d in ("cut", "whole")
    ]
    assert losses[0] == losses[1]


def test_resuming_with_other_data_is_refused() -> None:
    flats(Path("flats.csv"))
    train("flats.csv", "--target", "price", "--epochs", "2", "--out", "run")
    rules = Path("run/preprocessing.json").read_bytes()
    flats(Path("flats.csv"), seed=1)
    result = run("train", "--resume", "--out", "run", "--epochs", "4")
    assert result.exit_code == 2
    assert "flats.csv is not the data that the run in run began with" in result.stderr
    assert Path("run/preprocessing.json").read_bytes() == rules


def test_finished_run_goes_on_for_more_epochs_as_if_it_had_not_stopped() -> None:
    options = ("iris", "--patience", "0", "--lr", "0.01")
    train(*options, "--epochs", "5", "--out", "whole")
    train(*options, "--epochs", "2", "--out", "part")
    record = train("--resume", "--out", "part", "--epochs", "5")
    assert record["epochs"] == 5
    assert weights("part") == weights("whole")


USAGE = {
    ("--resume",): "--resume needs --out",
    ("--resume", "--out", "nowhere"): "config.toml is absent",
    ("no-such-thing",): "neither a file or folder nor a built-in data set",
    ("flats.csv",): "which column is to be learnt? It has 'id', 'size'",
    ("flats.csv", "--target", "prize"): "no column 'prize'",
    ("flats.csv", "--target", "note"): "too few rows of each for classes",
    ("flats.csv", "--target", "heating", "--task", "regression"): "regression needs numbers",
    ("flats.csv", "--target", "price", "--loss", "cross_entropy"): "does not fit a regression",
    ("flats.csv", "--target", "price", "--ignore", "sise"): "no column 'sise'",
    ("iris", "--ignore", "x"): "holds arrays",
    ("iris", "--hidden", "8;4"): "whole numbers with commas",
    ("iris", "--hidden", "0"): "at least 1",
    ("iris", "--lr", "fast"): "a number, or 'auto'",
    ("iris", "--lr", "0"): "a number above 0",
    ("iris", "--validation", "0.6", "--test", "0.4"): "shares of the rows",
    ("iris", "--out", "flats.csv"): "is a file",
    ("iris", "--image-size", "8"): "height and width",
}


@pytest.mark.parametrize("arguments", USAGE, ids=" ".join)
def test_wrong_usage_is_one_clear_message_and_exit_code_2(arguments: tuple[str, ...]) -> None:
    flats(Path("flats.csv"), n=60)
    result = run("train", *arguments)
    assert result.exit_code == 2, result.output
    assert USAGE[arguments] in " ".join(result.stderr.split())
    assert "Traceback" not in result.output
    assert not Path("runs").exists()


def test_training_that_diverges_says_so_and_what_to_do() -> None:
    result = run("train", "sine", "--lr", "1e20", "--optimizer", "sgd")
    assert result.exit_code == 2
    assert "the loss became" in result.stderr
    assert "smaller learning rate" in result.stderr
    assert "RuntimeWarning" not in result.stderr


def predictions(*arguments: object) -> list[dict[str, str]]:
    result = run("predict", *arguments)
    assert result.exit_code == 0, result.output
    return list(csv.DictReader(result.stdout.splitlines()))


def test_predictions_of_the_training_file_have_the_score_that_was_told() -> None:
    """SPEC C7: prediction on new data; numbers come in the data's own unit."""
    path = flats(Path("flats.csv"))
    record = train(path, "--target", "price", "--out", "run", "--validation", "0", "--test", "0")
    said = [float(row["prediction"]) for row in predictions("run", path)]
    truth = [row["price"] for row in csv.DictReader(path.open())]
    assert len(said) == len(truth) == 200
    errors = [abs(float(t) - s) for t, s in zip(truth, said, strict=True) if t]
    assert np.mean(errors) == pytest.approx(record["scores"]["training"]["mae"], rel=1e-4)


def test_rows_without_target_or_in_other_columns_are_predicted_alike() -> None:
    path = flats(Path("flats.csv"))
    train(path, "--target", "warm", "--ignore", "price", "--epochs", "5", "--out", "run")
    rows = list(csv.DictReader(path.open()))
    names = ["note", "heating", "size", "built", "id"]
    with open("new.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, names, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    assert predictions("run", "new.csv") == predictions("run", path)
    result = run("predict", "run", path)
    assert "200 rows with known warm: accuracy" in result.stderr


def test_probabilities_are_of_all_classes_and_sum_to_one() -> None:
    train("iris", "--epochs", "5", "--out", "run")
    rows = predictions("run", "iris", "--proba")
    assert list(rows[0]) == ["prediction", "p(setosa)", "p(versicolor)", "p(virginica)"]
    for row in rows:
        shares = {name[2:-1]: float(value) for name, value in row.items() if name != "prediction"}
        assert sum(shares.values()) == pytest.approx(1, abs=1e-5)
        assert max(shares, key=shares.__getitem__) == row["prediction"]


def test_output_file_and_json_hold_the_same_predictions() -> None:
    train("iris", "--epochs", "3", "--out", "run")
    result = run("predict", "run", "iris", "-o", "out.csv", "--proba")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "150 predictions in out.csv" in result.stderr
    written = list(csv.DictReader(Path("out.csv").read_text().splitlines()))
    record = json.loads(run("predict", "run", "iris", "--proba", "--json").stdout)
    assert [row["prediction"] for row in written] == record["predictions"]
    assert np.shape(record["probabilities"]) == (150, 3)
    assert record["scores"]["accuracy"] > 0.3


def test_arrays_with_and_without_targets_are_predicted_alike() -> None:
    iris = load("iris")
    np.savez("iris.npz", X=iris.inputs, y=iris.targets)
    np.savez("bare.npz", X=iris.inputs)
    np.save("bare.npy", iris.inputs)
    np.save("whole.npy", np.column_stack([iris.inputs, iris.targets]))
    with open("bare.csv", "w") as file:
        np.savetxt(file, iris.inputs, delimiter=",", fmt="%.17g")
    train("iris.npz", "--epochs", "3", "--out", "run")
    first = predictions("run", "iris.npz")
    for name in ("bare.npz", "bare.npy", "whole.npy", "bare.csv"):
        assert predictions("run", name) == first, name


def test_images_in_class_folders_and_in_one_folder_are_predicted_alike() -> None:
    image = pytest.importorskip("PIL.Image")
    rng = np.random.default_rng(0)
    Path("all").mkdir()
    for label, level in (("dark", 60), ("light", 180)):
        Path("set", label).mkdir(parents=True)
        for k in range(20):
            picture = image.fromarray(rng.integers(level - 50, level + 50, (6, 5), dtype=np.uint8))
            picture.save(Path("set", label, f"{k:02}.png"))
            picture.save(Path("all", f"{label}-{k:02}.png"))
    record = train("set", "--epochs", "20", "--out", "run")
    assert record["network"]["sizes"][0] == 30
    assert record["scores"]["test"]["accuracy"] == 1.0
    assert predictions("run", "set") == predictions("run", "all")


BAD_NEW = {
    "id,size,built\n1,2,2000-01-01\n": "lacks 'heating'",
    "size,built,heating,price\nlarge,2000-01-01,oil,3\n": "'large' instead of a number",
    "size,built,heating,price\n50,yesterday,oil,3\n": "'built'",
    "size,built\n50\n": "line 2: 1 fields",
    "": "the file is empty",
}


@pytest.mark.parametrize("text", BAD_NEW)
def test_unfit_new_data_are_refused_with_the_column(text: str) -> None:
    train(flats(Path("flats.csv")), "--target", "price", "--epochs", "2", "--ignore", "warm",
          "--out", "run")  # fmt: skip
    Path("new.csv").write_text(text)
    result = run("predict", "run", "new.csv")
    assert result.exit_code == 2
    assert BAD_NEW[text] in result.stderr
    assert result.stdout == ""


def test_unseen_levels_and_missing_values_are_remarked_on_stderr() -> None:
    train(flats(Path("flats.csv")), "--target", "price", "--epochs", "2", "--ignore", "warm",
          "--out", "run")  # fmt: skip
    Path("new.csv").write_text("size,built,heating\n,2001-01-01,sun\n70,,gas\n")
    result = run("predict", "run", "new.csv")
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 3
    assert "heating: 1 with a level never seen in training ('sun')" in result.stderr
    assert "built: 1 missing, none in training" in result.stderr


def test_probabilities_of_numbers_are_refused() -> None:
    train("sine", "--epochs", "1", "--out", "run")
    result = run("predict", "run", "sine", "--proba")
    assert result.exit_code == 2
    assert "probabilities are of classes" in result.stderr


@pytest.mark.parametrize("name", ["config.toml", "preprocessing.json", "model.safetensors"])
def test_damaged_run_is_refused_with_the_file(name: str) -> None:
    train("iris", "--epochs", "1", "--out", "run")
    path = Path("run", name)
    whole = path.read_bytes()
    for damaged in (b"", whole[: len(whole) // 2], b"\x00" + whole[1:]):
        path.write_bytes(damaged)
        result = run("predict", "run", "iris")
        if result.exit_code == 0:  # half a list of settings may be a list of settings
            assert name == "config.toml"
            continue
        assert result.exit_code == 2, result.output
        assert name in result.stderr
        assert "Traceback" not in result.output


def test_progress_is_not_drawn_into_a_pipe() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "chainrule", "train", "iris", "--epochs", "2"],
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "80"},
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert "\x1b" not in result.stdout


EPOCHS = 6


def rates(schedule: str, *options: str) -> list[float]:
    """The learning rate after each epoch, as the history has it."""
    out = Path(schedule)
    result = run(
        "train", "iris", "--schedule", schedule, "--lr", "0.05", "--epochs", str(EPOCHS),
        "--out", str(out), "--quiet", *options,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    rows = (out / "history.jsonl").read_text().splitlines()
    return [json.loads(row)["learning_rate"] for row in rows]


def test_schedules_change_the_learning_rate_as_they_say() -> None:
    assert rates("constant") == [0.05] * EPOCHS
    step = rates("step")
    assert max(step) == pytest.approx(100 * min(step))
    assert len({round(rate, 9) for rate in step}) == 3
    cosine = rates("cosine")
    assert cosine == sorted(cosine, reverse=True)
    warmup, cycle = rates("warmup"), rates("one_cycle")
    assert warmup[-1] < 0.01 * warmup[0]
    assert max(cycle) > 0.04
    assert cycle[0] < max(cycle) > 100 * cycle[-1]
    plateau = rates("plateau", "--lr", "2.0", "--patience", "4", "--epochs", "12")
    assert plateau[0] == 2.0
    assert plateau[-1] == pytest.approx(0.2)


def test_an_unknown_schedule_names_the_choices() -> None:
    result = run("train", "iris", "--schedule", "sine")
    assert result.exit_code == 2
    assert "one_cycle" in result.output
    with pytest.raises(ArgumentError, match="cosine"):
        Settings(schedule="sine")


@pytest.mark.parametrize("schedule", ["warmup", "one_cycle", "plateau"])
def test_a_run_with_a_schedule_is_reproduced_from_its_configuration(schedule: str) -> None:
    rates(schedule)
    again = run("train", "--config", f"{schedule}/config.toml", "--out", "again", "--quiet")
    assert again.exit_code == 0, again.output
    assert weights(schedule) == weights("again")


def test_a_schedule_is_not_stretched_by_resuming() -> None:
    rates("cosine")
    for change in (["--epochs", "9"], ["--schedule", "constant"]):
        refused = run("train", "--resume", "--out", "cosine", *change)
        assert refused.exit_code == 2
        assert "begun with --schedule cosine for --epochs 6" in refused.output
    assert run("train", "--resume", "--out", "cosine", "--quiet").exit_code == 0
    rates("constant")
    longer = run("train", "--resume", "--out", "constant", "--epochs", "9", "--quiet")
    assert longer.exit_code == 0, longer.output
