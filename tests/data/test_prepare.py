"""From data to a network's parts and back to new data through the saved rules. SPEC C7."""

from __future__ import annotations

import gzip
import json
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest

from chainrule.data import (
    Classes,
    Dataset,
    MappedRows,
    Numbers,
    Pipeline,
    Scaling,
    Table,
    load,
    prepare,
    read,
    scaling,
)
from chainrule.errors import ArgumentError, CheckpointError, DataError


def houses(n: int = 100) -> Table:
    rng = np.random.default_rng(0)
    size = rng.uniform(30, 200, n).round(1).astype(object)
    size[::10] = None
    place = rng.choice(["town", "coast", "hills"], n).astype(object)
    place[5::20] = None
    price = rng.normal(300, 50, n).round(2).astype(object)
    price[3] = None
    cold = np.where(rng.random(n) < 0.3, "yes", "no")
    return Table.of({"size": size, "place": place, "price": price, "cold": cold}, "houses.csv")


def test_regression_parts_are_coded_by_the_training_rows() -> None:
    table = houses()
    parts = prepare(table, "price")
    code = parts.pipeline.target
    assert isinstance(code, Numbers)
    assert [len(part.targets) for part in (parts.train, parts.validation, parts.test)] == [
        69,
        15,
        15,
    ]
    assert parts.train.targets.dtype == parts.train.inputs.dtype == np.float32
    assert parts.train.targets.mean() == pytest.approx(0, abs=1e-6)
    assert parts.test.targets.mean() != pytest.approx(0, abs=1e-6)
    present = table["price"].values[~table["price"].missing]
    everything = np.concatenate([p.targets for p in (parts.train, parts.validation, parts.test)])
    np.testing.assert_allclose(np.sort(code.decode(everything)[:, 0]), np.sort(present), rtol=1e-5)
    assert parts.remarks == ("1 row without a value of 'price' is left out",)


def test_classification_parts_have_every_class_in_its_share() -> None:
    parts = prepare(houses(), "cold")
    assert parts.pipeline.target == Classes("cold", ("no", "yes"))
    cold = [int(p.targets.sum()) for p in (parts.train, parts.validation, parts.test)]
    np.testing.assert_allclose(cold, np.array([0.7, 0.15, 0.15]) * sum(cold), atol=1)


def test_the_target_is_never_an_input() -> None:
    parts = prepare(houses(), "price")
    assert not any("price" in name for name in parts.pipeline.inputs.inputs)


def test_new_rows_through_saved_rules_equal_the_training_inputs(tmp_path: Path) -> None:
    table = houses()
    parts = prepare(table, "cold", validation=0, test=0)
    parts.pipeline.save(tmp_path / "rules.json")
    again = Pipeline.load(tmp_path / "rules.json")
    inputs, remarks = again.transform(table)
    np.testing.assert_array_equal(inputs, parts.train.inputs)
    assert remarks == ()
    np.testing.assert_array_equal(again.true_targets(table), parts.train.targets)
    assert again.true_targets(table.without(["cold"])) is None


@pytest.mark.parametrize(
    ("target", "message"),
    [(None, "which column is to be learnt"), ("prize", "no column 'prize'; it has 'size'")],
)
def test_target_must_be_a_column(target: str | None, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        prepare(houses(), target)


def test_columns_of_arrays_cannot_be_chosen_by_name() -> None:
    with pytest.raises(ArgumentError, match="holds arrays"):
        prepare(load("iris"), ignore=["x"])


def test_digits_are_brought_to_0_and_1_and_divided_by_class() -> None:
    parts = prepare(load("digits"))
    assert isinstance(parts.pipeline.inputs, Scaling)
    assert (parts.train.inputs.min(), parts.train.inputs.max()) == (0, 1)
    counts = [np.bincount(p.targets, minlength=10) for p in (parts.validation, parts.test)]
    assert min(c.min() for c in counts) >= 24


def test_a_set_that_comes_divided_keeps_its_parts() -> None:
    data = Dataset("d", np.arange(12.0)[:, None], np.arange(12.0)[:, None], "regression",
                   parts=(6, 4, 2))  # fmt: skip
    parts = prepare(data)
    raw = [p.inputs[:, 0] * parts.pipeline.inputs.scale + parts.pipeline.inputs.shift
           for p in (parts.train, parts.validation, parts.test)]  # fmt: skip
    assert [r.round().astype(int).tolist() for r in raw] == [
        [0, 1, 2, 3, 4, 5],
        [6, 7, 8, 9],
        [10, 11],
    ]


def test_arrays_given_to_a_model_of_tables_are_refused_and_reverse() -> None:
    of_table = prepare(houses(), "price").pipeline
    with pytest.raises(DataError, match="trained on a table with the columns size, place, cold"):
        of_table.transform(load("iris"))
    of_arrays = prepare(load("iris")).pipeline
    with pytest.raises(DataError, match=r"has 4 columns, of which place, cold hold no numbers"):
        of_arrays.transform(houses())


def test_table_of_numbers_serves_a_model_of_arrays() -> None:
    iris = load("iris")
    rules = prepare(iris).pipeline
    table = Table.of({name: iris.inputs[:, k] for k, name in enumerate(iris.features)})
    np.testing.assert_array_equal(rules.transform(table)[0], rules.transform(iris)[0])


@pytest.mark.parametrize(
    "text",
    ["", "no json", "[]", "{}", '{"format": "chainrule preprocessing 9"}',
     '{"format": "chainrule preprocessing 1", "kind": "table"}',
     '{"format": "chainrule preprocessing 1", "kind": "soup", "inputs": {}, "target": {}}'],
)  # fmt: skip
def test_damaged_rules_are_refused_with_the_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "rules.json").write_text(text)
    with pytest.raises(CheckpointError, match=r"rules.json: no preprocessing rules"):
        Pipeline.load(tmp_path / "rules.json")


def test_rules_cut_off_anywhere_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "rules.json"
    prepare(houses(), "price").pipeline.save(path)
    whole = path.read_text()
    for length in range(0, len(whole.rstrip()) - 1, 37):
        path.write_text(whole[:length])
        with pytest.raises(CheckpointError):
            Pipeline.load(path)
    assert json.loads(whole)["format"] == "chainrule preprocessing 1"


def mapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[np.ndarray, Dataset]:
    monkeypatch.setattr(scaling, "_MAPPED_BYTES", 1)
    matrix = np.random.default_rng(0).normal(5, 3, size=(200, 4))
    np.save(tmp_path / "t.npy", matrix)
    found = read(tmp_path / "t.npy")
    assert isinstance(found, Dataset)
    return matrix, found


def test_mapped_parts_give_the_rows_that_loaded_parts_give(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    matrix, data = mapped(tmp_path, monkeypatch)
    on_disk = prepare(data)
    loaded = prepare(Dataset("d", matrix[:, :3], matrix[:, 3:], "regression"))
    for one, other in zip((on_disk.train, on_disk.test), (loaded.train, loaded.test), strict=True):
        assert isinstance(one.inputs, MappedRows)
        assert isinstance(other.inputs, np.ndarray)
        assert one.inputs.shape == other.inputs.shape
        np.testing.assert_array_equal(np.asarray(one.inputs), other.inputs)
        order = np.random.default_rng(1).permutation(len(one.inputs))[:7]
        for index in (order, slice(3, 9), np.arange(len(one.inputs)) % 3 == 0, 4, -1):
            np.testing.assert_array_equal(one.inputs[index], other.inputs[index])


IMAGES = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_idx_images_find_their_labels_beside_them(tmp_path: Path, suffix: str) -> None:
    pack = gzip.compress if suffix else bytes
    images = struct.pack(">HBB3I", 0, 8, 3, *IMAGES.shape) + IMAGES.tobytes()
    path = tmp_path / f"train-images-idx3-ubyte{suffix}"
    path.write_bytes(pack(images))
    with pytest.raises(DataError, match="expected beside it, in train-labels-idx1-ubyte"):
        read(path)
    labels = struct.pack(">HBBI", 0, 8, 1, 2) + bytes([7, 1])
    (tmp_path / f"train-labels-idx1-ubyte{suffix}").write_bytes(pack(labels))
    found = read(path)
    assert isinstance(found, Dataset)
    np.testing.assert_array_equal(found.inputs, IMAGES)
    assert found.targets.tolist() == [7, 1]


def test_pickled_mnist_comes_in_its_three_parts(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    parts = [(rng.random((n, 784), dtype=np.float32), rng.integers(0, 10, n)) for n in (30, 20, 10)]
    (tmp_path / "mnist.pkl.gz").write_bytes(gzip.compress(pickle.dumps(tuple(parts), protocol=2)))
    found = read(tmp_path / "mnist.pkl.gz")
    assert isinstance(found, Dataset)
    assert found.parts == (30, 20, 10)
    prepared = prepare(found)
    np.testing.assert_array_equal(prepared.test.targets, parts[2][1])
