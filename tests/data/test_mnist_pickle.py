"""The book's mnist.pkl.gz through a reader that runs nothing (SPEC C7)."""

from __future__ import annotations

import gzip
import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from chainrule.data.mnist_pickle import load_mnist_pkl
from chainrule.errors import DataError

GOLDEN = Path(__file__).parent / "golden"


def part(n: int, step: int) -> tuple[np.ndarray, np.ndarray]:
    """What the golden files hold; they were written by Python 2.7.18 with NumPy 1.16.6."""
    x = (np.arange(n * 6).reshape(n, 6) * 0.25 / (n * 6)).astype(np.float32)
    return x, (np.arange(n) * step % 10).astype(np.int64)


SETS = (part(5, 3), part(3, 7), part(2, 9))


def write(path: Path, content: object, protocol: int = 2) -> Path:
    path.write_bytes(gzip.compress(pickle.dumps(content, protocol)))
    return path


def assert_equal_to_sets(loaded) -> None:
    for found, (x, y) in zip(loaded, SETS, strict=True):
        assert found.inputs.dtype == np.float32
        assert found.targets.dtype == np.int64
        np.testing.assert_array_equal(found.inputs, x)
        np.testing.assert_array_equal(found.targets, y)


@pytest.mark.parametrize("protocol", [0, 1, 2])
def test_files_written_by_python_2_are_read(protocol: int) -> None:
    assert_equal_to_sets(load_mnist_pkl(GOLDEN / f"mnist_python2_protocol{protocol}.pkl"))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_files_written_again_by_python_3_are_read(protocol: int, tmp_path: Path) -> None:
    assert_equal_to_sets(load_mnist_pkl(write(tmp_path / "mnist.pkl.gz", SETS, protocol)))


@pytest.mark.parametrize("protocol", [2, 5])
def test_fortran_order_and_big_endian_numbers_are_read(protocol: int, tmp_path: Path) -> None:
    turned = tuple((np.asfortranarray(x.astype(">f4")), y.astype(">i8")) for x, y in SETS)
    assert_equal_to_sets(load_mnist_pkl(write(tmp_path / "m.pkl.gz", turned, protocol)))


class Harmful:
    """Pickles as a call; `witness` is what would be changed if anything were called."""

    def __init__(self, function, *arguments) -> None:
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_that_would_run_a_command_runs_nothing(protocol: int, tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    path = write(tmp_path / "m.pkl.gz", Harmful(os.mkdir, str(witness)), protocol)
    pickle.loads(gzip.decompress(path.read_bytes()))  # Python's own loader does run it …
    assert witness.exists()
    witness.rmdir()
    with pytest.raises(DataError, match=r"names \w+\.mkdir.*nothing of it was run"):
        load_mnist_pkl(path)
    assert not witness.exists()  # … and this one does not.


@pytest.mark.parametrize(
    ("stream", "words"),
    [
        (b"cos\nsystem\n(S'true'\ntR.", "names os.system"),
        (b"cbuiltins\neval\n(S'1'\ntR.", "names builtins.eval"),
        (b"c__builtin__\neval\n(S'1'\ntR.", "names __builtin__.eval"),
        (b"cnumpy\nload\n(S'x'\ntR.", "names numpy.load"),
        (b"cnumpy.core.multiarray\nfromfile\n(S'x'\ntR.", "names numpy.core.multiarray.fromfile"),
        # A dotted name reaches an attribute of an allowed class from protocol 4 on.
        (b"\x80\x04\x8c\x05numpy\x8c\x0endarray.tofile\x93.", "names numpy.ndarray.tofile"),
        (b"\x80\x02Pabc\n.", "outside the file"),
        (b"\x80\x02K\x07Q.", "outside the file"),
        # Altering the readers themselves: a state for _reconstruct, for dtype, for ndarray.
        (b"\x80\x02cnumpy\ndtype\n}X\x01\x00\x00\x00xK\x01sb.", "not a readable pickle"),
        (
            b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nN}X\x01\x00\x00\x00xK\x01s\x86b.",
            "not a",
        ),
        (b"\x80\x02cnumpy\nndarray\n)\x81.", "not a readable pickle"),  # ndarray.__new__
        (b"\x80\x02cnumpy\nndarray\n(tR.", "not a readable pickle"),
        (b"\x80\x02\x82\x01.", "not a readable pickle"),  # the extension registry
        (b"", "not a readable pickle"),
        (b"\x80\x02K\x07", "not a readable pickle"),
        (b"hello, world", "not a readable pickle"),
    ],
)
def test_everything_but_arrays_is_refused(stream: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "m.pkl"
    path.write_bytes(stream)
    with pytest.raises(DataError, match=words) as caught:
        load_mnist_pkl(path)
    assert str(path) in str(caught.value)


def test_object_arrays_are_refused(tmp_path: Path) -> None:
    objects = np.array([[1], [None]], dtype=object)
    with pytest.raises(DataError, match="whose data are not plain numbers"):
        load_mnist_pkl(write(tmp_path / "m.pkl.gz", ((objects, SETS[0][1]),) * 3))


def test_structured_arrays_are_refused(tmp_path: Path) -> None:
    fields = np.zeros(2, dtype=[("a", "f4"), ("b", "f4")])
    with pytest.raises(DataError, match="fields or sub-arrays"):
        load_mnist_pkl(write(tmp_path / "m.pkl.gz", ((fields, SETS[0][1]),) * 3))


def test_complex_numbers_and_texts_are_refused(tmp_path: Path) -> None:
    for dtype in ("c8", "S4", "M8[s]"):
        odd = np.zeros((2, 6), dtype=dtype)
        with pytest.raises(DataError, match="only real numbers are read"):
            load_mnist_pkl(write(tmp_path / "m.pkl.gz", ((odd, SETS[2][1]),) * 3))


def test_a_shape_that_the_bytes_do_not_fill_is_refused(tmp_path: Path) -> None:
    stream = pickle.dumps(SETS, 2)
    lying = stream.replace(b"K\x05K\x06\x86", b"K\xfaK\xfa\x86")  # (5, 6) becomes (250, 250)
    assert lying != stream
    path = tmp_path / "m.pkl"
    path.write_bytes(lying)
    with pytest.raises(DataError, match=r"120 bytes for an array of shape \(250, 250\)"):
        load_mnist_pkl(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([1, 2], "three pairs"),
        ({"training": 1}, "three pairs"),
        ((SETS[0], SETS[1], SETS[2][0]), "pair of arrays"),
        ((SETS[0], SETS[1], (SETS[2][0], 7)), "pair of arrays"),
        ((SETS[0], SETS[1], SETS[2][::-1]), "images must be finite numbers"),
        ((SETS[0], SETS[1], (SETS[2][0] * np.nan, SETS[2][1])), "images must be finite numbers"),
        ((SETS[0], SETS[1], (SETS[2][0], SETS[1][1])), "2 integer labels"),
        ((SETS[0], SETS[1], (SETS[2][0], SETS[2][1] + 5)), "digits, 0 to 9"),
    ],
)
def test_arrays_that_are_not_mnist_are_refused(content, words: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=words):
        load_mnist_pkl(write(tmp_path / "m.pkl.gz", content))


@pytest.mark.parametrize("keep", [10, 200, 400])
def test_a_file_cut_short_is_refused(keep: int, tmp_path: Path) -> None:
    path = write(tmp_path / "m.pkl.gz", SETS)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataError, match=r"cut short"):
        load_mnist_pkl(path)


def test_a_damaged_gzip_file_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "m.pkl.gz", SETS)
    damaged = bytearray(path.read_bytes())
    damaged[60] ^= 0xFF
    path.write_bytes(damaged)
    with pytest.raises(DataError):
        load_mnist_pkl(path)


def test_a_file_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("chainrule.data.mnist_pickle.LARGEST", 1000)
    path = tmp_path / "m.pkl.gz"
    path.write_bytes(gzip.compress(bytes(2000)))
    with pytest.raises(DataError, match="more than 1000 bytes"):
        load_mnist_pkl(path)
