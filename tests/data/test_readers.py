"""Readers read what they should, and refuse truncated and foreign files with a clear message.

SPEC C7: CSV, Parquet, NPZ, NPY and images in class folders of the user's own.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from chainrule.data import Dataset, Kind, Table, read
from chainrule.errors import ArgumentError, ChainruleError, DataError

CSV = 'size,colour,price\n1.5,"red, dark",10\n,blue,20\n2.5,red,\n'


def table_of(path: Path) -> Table:
    found = read(path)
    assert isinstance(found, Table)
    return found


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def test_csv_is_read_with_quotes_and_missing_fields(tmp_path: Path) -> None:
    table = table_of(write(tmp_path / "t.csv", CSV))
    assert table.names == ["size", "colour", "price"]
    np.testing.assert_array_equal(table["size"].values, [1.5, np.nan, 2.5])
    assert table["colour"].values.tolist() == ["red, dark", "blue", "red"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    text = "a,b,c\n1,2,x\n3,5,y\n".replace(",", delimiter)
    assert table_of(write(tmp_path / "t.csv", text)).names == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("name", "prefix"), [("t.csv", "\ufeff"), ("t.csv", "\n\n"), ("t.tsv", ""), ("t.txt", "")]
)
def test_byte_order_mark_blank_lines_and_suffixes(tmp_path: Path, name: str, prefix: str) -> None:
    table = table_of(write(tmp_path / name, prefix + CSV.replace("\n", "\r\n")))
    assert table.names == ["size", "colour", "price"]
    assert len(table) == 3


def test_gzipped_csv_is_read(tmp_path: Path) -> None:
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(CSV.encode()))
    assert len(table_of(tmp_path / "t.csv.gz")) == 3


def test_header_is_absent_when_the_first_line_is_numbers(tmp_path: Path) -> None:
    table = table_of(write(tmp_path / "t.csv", "1,2\n3,5\n"))
    assert table.names == ["column 1", "column 2"]
    assert len(table) == 2


def test_decimal_commas_are_read_between_semicolons(tmp_path: Path) -> None:
    table = table_of(write(tmp_path / "t.csv", "a;b\n1,5;x, y\n2;z\n-0,5;z\n"))
    np.testing.assert_array_equal(table["a"].values, [1.5, 2, -0.5])
    assert table["b"].values[0] == "x, y"


def test_line_break_inside_quotes_does_not_shift_line_numbers(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", 'a,b\n"two\nlines",1\nx,2,3\n')
    with pytest.raises(DataError, match="line 4: 3 fields"):
        read(path)


BAD_CSV = {
    "empty": (b"", "the file is empty"),
    "only a header": (b"a,b,c\n", "only a header"),
    "one field too many": (b"a,b\n1,2\n3,4,5\n", r"line 3: 3 fields, where the first line has 2"),
    "cut off in a line": (b"a,b,c\n1,2,3\n4,5", r"line 3: 2 fields"),
    "quote not closed": (b'a,b\n"1,2\n3,4\n', r"line 3: .*each quoted field closed"),
    "name twice": (b"a,b,a\n1,2,3\n", "given twice: a"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "no UTF-8"),
    "a NumPy file": (b"\x00\x01\x02", "NUL bytes"),
    "Latin-1": ("a,b\nM\xfcller,1\n".encode("latin-1"), r"byte 6 is no UTF-8.*cp1252"),
    "infinity": (b"a,b\n1,x\ninf,y\n2,z\n", None),
}


@pytest.mark.parametrize(("content", "message"), BAD_CSV.values(), ids=BAD_CSV)
def test_bad_csv_is_refused_with_the_line(
    tmp_path: Path, content: bytes, message: str | None
) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    if message is None:  # a word among numbers: read, as text
        assert table_of(path)["a"].kind is Kind.TEXT
        return
    with pytest.raises(DataError, match=message) as caught:
        read(path)
    assert str(path) in str(caught.value)


def test_another_encoding_can_be_given(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "a,b\nMüller,1\n", "cp1252")
    found = read(path, encoding="cp1252")
    assert isinstance(found, Table)
    assert found["a"].values[0] == "Müller"


def test_parquet_gives_the_table_of_the_csv(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    columns = {
        "int": pa.array([1, None, 4], pa.int32()),
        "float": pa.array([0.5, None, 2.5]),
        "text": pa.array(["a", None, "b"]),
        "coded": pa.array(["x", "y", "x"]).dictionary_encode(),
        "flag": pa.array([True, None, False]),
        "day": pa.array([0, 1, None], pa.date32()),
        "nothing": pa.nulls(3),
    }
    parquet.write_table(pa.table(columns), tmp_path / "t.parquet")
    table = table_of(tmp_path / "t.parquet")
    assert table.names == list(columns)
    np.testing.assert_array_equal(table["int"].values, [1, np.nan, 4])
    np.testing.assert_array_equal(table["day"].values, [0, 1, np.nan])
    assert table["coded"].values.tolist() == ["x", "y", "x"]
    assert table["flag"].values.tolist() == ["True", None, "False"]
    assert table["nothing"].kind is Kind.EMPTY


def test_nested_parquet_column_is_refused_by_name(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    parquet.write_table(pa.table({"a": [[1], [2, 3]]}), tmp_path / "t.parquet")
    with pytest.raises(DataError, match=r"column 'a' has type list"):
        read(tmp_path / "t.parquet")


def parquet_bytes() -> bytes:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    stream = io.BytesIO()
    parquet.write_table(pa.table({"a": list(range(100))}), stream)
    return stream.getvalue()


def npz_bytes() -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, X=np.random.default_rng(0).normal(size=(50, 3)), y=np.arange(50))
    return stream.getvalue()


def npy_bytes() -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.random.default_rng(0).normal(size=(50, 3)))
    return stream.getvalue()


def png_bytes() -> bytes:
    image = pytest.importorskip("PIL.Image")
    stream = io.BytesIO()
    image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8)).save(stream, "PNG")
    return stream.getvalue()


BINARY: dict[str, Callable[[], bytes]] = {
    "t.parquet": parquet_bytes,
    "t.npz": npz_bytes,
    "t.npy": npy_bytes,
    "folder/class/t.png": png_bytes,
    "t.csv.gz": lambda: gzip.compress(CSV.encode() * 50),
}


@pytest.mark.parametrize("name", BINARY)
def test_truncated_file_is_refused_wherever_it_is_cut(tmp_path: Path, name: str) -> None:
    whole = BINARY[name]()
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    place = tmp_path / "folder" if name.startswith("folder") else path
    path.write_bytes(whole)
    read(place)
    for length in {0, 1, 10, len(whole) // 4, len(whole) // 2, len(whole) - 1}:
        if name.endswith(".png") and length == len(whole) - 1:
            continue  # the last byte of a PNG is part of a closing mark that no reader needs
        path.write_bytes(whole[:length])
        with pytest.raises(DataError) as caught:
            read(place)
        assert str(path) in str(caught.value)


@pytest.mark.parametrize("name", BINARY)
def test_foreign_content_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"%PDF-1.7\n" + bytes(range(256)) * 20)
    with pytest.raises(DataError):
        read(tmp_path / "folder" if name.startswith("folder") else path)


@pytest.mark.parametrize("name", ["t.npz", "t.npy"])
def test_pickles_inside_numpy_files_are_never_loaded(tmp_path: Path, name: str) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return exec, (f"open({str(tmp_path / 'exploded')!r}, 'w')",)

    array = np.array([Bomb(), 1], dtype=object)
    path = tmp_path / name
    if name.endswith("z"):
        np.savez(path, X=np.eye(2), y=array)
    else:
        np.save(path, array)
    with pytest.raises(DataError):
        read(path)
    assert not (tmp_path / "exploded").exists()


def dataset(path: Path, **options: object) -> Dataset:
    found = read(path, **options)  # type: ignore[arg-type]
    assert isinstance(found, Dataset)
    return found


def test_npz_arrays_are_found_by_usual_names_or_by_the_one_given(tmp_path: Path) -> None:
    X, y = np.eye(6), np.array(["a", "b"] * 3)
    np.savez(tmp_path / "usual.npz", X=X, y=y)
    np.savez(tmp_path / "own.npz", pixels=X, digit=y)
    np.savez(tmp_path / "unclear.npz", one=X, two=X, digit=y)
    for found in (
        dataset(tmp_path / "usual.npz"),
        dataset(tmp_path / "own.npz", target="digit"),
    ):
        assert (found.classes, found.task) == (("a", "b"), "classification")
        np.testing.assert_array_equal(found.inputs, X)
        np.testing.assert_array_equal(found.targets, [0, 1] * 3)
    with pytest.raises(DataError, match="which array holds the targets"):
        read(tmp_path / "own.npz")
    with pytest.raises(DataError, match="which array holds the inputs"):
        read(tmp_path / "unclear.npz", target="digit")
    with pytest.raises(DataError, match="no array 'label'; it has 'X', 'y'"):
        read(tmp_path / "usual.npz", target="label")


def test_npy_is_mapped_and_a_column_is_the_target(tmp_path: Path) -> None:
    matrix = np.arange(40.0).reshape(10, 4)
    np.save(tmp_path / "t.npy", matrix)
    last, first = dataset(tmp_path / "t.npy"), dataset(tmp_path / "t.npy", target="0")
    assert isinstance(last.inputs, np.memmap)
    np.testing.assert_array_equal(last.inputs, matrix[:, :3])
    np.testing.assert_array_equal(last.targets, matrix[:, 3:])
    np.testing.assert_array_equal(first.inputs, matrix[:, 1:])
    np.testing.assert_array_equal(dataset(tmp_path / "t.npy", target="1").inputs,
                                  matrix[:, [0, 2, 3]])  # fmt: skip
    for wrong in ("4", "-5", "price"):
        with pytest.raises(ArgumentError, match=r"t\.npy has"):
            read(tmp_path / "t.npy", target=wrong)


def test_npy_with_named_fields_is_a_table(tmp_path: Path) -> None:
    rows = np.array([(1.5, "a"), (2.5, "b")], dtype=[("size", float), ("kind", "U3")])
    np.save(tmp_path / "t.npy", rows)
    assert table_of(tmp_path / "t.npy").names == ["size", "kind"]


@pytest.mark.parametrize("array", [np.arange(5.0), np.eye(3)[None], np.eye(2, dtype=complex)])
def test_npy_of_unfit_shape_or_dtype_is_refused(tmp_path: Path, array: np.ndarray) -> None:
    np.save(tmp_path / "t.npy", array)
    with pytest.raises(DataError, match="a matrix of numbers"):
        read(tmp_path / "t.npy")


def write_images(folder: Path, sizes: dict[str, tuple[int, int]], mode: str = "L") -> None:
    image = pytest.importorskip("PIL.Image")
    for index, (name, (height, width)) in enumerate(sizes.items()):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shape = (height, width) if mode == "L" else (height, width, 3)
        image.fromarray(np.full(shape, index * 10, dtype=np.uint8)).save(folder / name)


def test_images_take_their_class_from_their_folder(tmp_path: Path) -> None:
    write_images(tmp_path, {"b/1.png": (4, 6), "a/1.png": (4, 6), "b/deep/2.png": (4, 6)})
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "a" / "notes.txt").write_text("not an image")
    found = dataset(tmp_path)
    assert (found.inputs.shape, found.inputs.dtype) == ((3, 4, 6), np.uint8)
    assert found.classes == ("a", "b")
    assert found.targets.tolist() == [0, 1, 1]
    assert found.inputs[:, 0, 0].tolist() == [10, 0, 20]


def test_colour_images_have_three_channels(tmp_path: Path) -> None:
    write_images(tmp_path, {"a/1.png": (4, 6), "b/1.png": (4, 6)}, mode="RGB")
    assert dataset(tmp_path).inputs.shape == (2, 4, 6, 3)


def test_images_of_different_size_are_refused_or_brought_to_one(tmp_path: Path) -> None:
    write_images(tmp_path, {"a/1.png": (4, 6), "b/1.png": (8, 8)})
    with pytest.raises(DataError, match=r"b/1.png has 8 × 8 pixels.*a/1.png has 4 × 6"):
        read(tmp_path)
    assert dataset(tmp_path, image_size=(5, 7)).inputs.shape == (2, 5, 7)


def test_folder_without_class_folders_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(DataError, match=r"no images in class folders; expected .*CLASS/NAME.png"):
        read(tmp_path)


@pytest.mark.parametrize("name", ["absent.csv", "absent"])
def test_absent_file_is_said(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match="there is no such file"):
        read(tmp_path / name)


def test_unknown_format_lists_the_known(tmp_path: Path) -> None:
    with pytest.raises(ChainruleError, match=r"Known are: \.csv"):
        read(write(tmp_path / "t.docx", "x"))
