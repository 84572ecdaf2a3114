"""The IDX format: what is read, and every way a file can be wrong (SPEC C7)."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from chainrule.data.idx import read_idx, read_idx_pair
from chainrule.errors import DataError

CODES = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}


def idx(array: np.ndarray) -> bytes:
    code = CODES[array.dtype.str[1:]]
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


@pytest.fixture
def images(tmp_path: Path) -> Path:
    path = tmp_path / "images-idx3-ubyte"
    path.write_bytes(idx(np.arange(24, dtype=np.uint8).reshape(2, 3, 4)))
    return path


@pytest.mark.parametrize("name", CODES)
@pytest.mark.parametrize("packed", [False, True])
def test_every_type_is_read_plain_and_gzipped(name: str, packed: bool, tmp_path: Path) -> None:
    array = np.arange(-6 if name[0] != "u" else 0, 6, dtype=name).reshape(2, -1)
    path = tmp_path / "array"  # the name says nothing about the packing
    path.write_bytes(gzip.compress(idx(array)) if packed else idx(array))
    found = read_idx(path)
    np.testing.assert_array_equal(found, array)
    assert found.dtype == array.dtype
    assert found.dtype.isnative
    assert found.flags.writeable


def test_an_array_of_no_rows_is_read(tmp_path: Path) -> None:
    path = tmp_path / "none"
    path.write_bytes(idx(np.zeros((0, 28, 28), np.uint8)))
    assert read_idx(path).shape == (0, 28, 28)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "an empty file"),
        (b"\x00\x00", "magic"),
        (b"\x01\x00\x08\x01\x00\x00\x00\x00", "got 01 00 08 01"),
        (b"\x89PNG\r\n", "not an IDX file"),
        (b"\x00\x00\x0a\x01\x00\x00\x00\x00", "unknown IDX type 0x0a; known are 0x08"),
        (b"\x00\x00\x08\x00", "announces 0 dimensions"),
        (b"\x00\x00\x08\x02\x00\x00\x00\x01", "announces 2 dimensions but has 4 bytes"),
        (b"\x00\x00\x08\x01\x00\x00\x00\x03ab", "3 bytes, but only 2 follow"),
        (b"\x00\x00\x08\x01\x00\x00\x00\x03abcd", "3 bytes, but more follow"),
        (b"\x00\x00\x0e\x03" + b"\xff" * 12 + b"abc", "only 3 follow"),  # 2**99 bytes announced
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_a_wrong_file_is_refused(content: bytes, words: str, packed: bool, tmp_path: Path) -> None:
    path = tmp_path / "wrong"
    path.write_bytes(gzip.compress(content) if packed else content)
    with pytest.raises(DataError, match=words) as caught:
        read_idx(path)
    assert str(path) in str(caught.value)


def test_every_truncation_is_refused(images: Path, tmp_path: Path) -> None:
    whole = images.read_bytes()
    path = tmp_path / "part"
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(DataError):
            read_idx(path)
    packed = gzip.compress(whole)
    for size in range(2, len(packed) - 8):
        path.write_bytes(packed[:size])
        with pytest.raises(DataError):
            read_idx(path)


def test_another_type_than_the_expected_is_refused(images: Path) -> None:
    with pytest.raises(DataError, match=r"holds uint8, expected float32 \(images and labels"):
        read_idx(images, np.float32)


def test_images_and_labels_make_a_data_set(images: Path, tmp_path: Path) -> None:
    labels = tmp_path / "labels"
    labels.write_bytes(idx(np.array([3, 1], np.uint8)))
    data = read_idx_pair(images, labels)
    assert data.inputs.shape == (2, 3, 4)
    assert data.targets.tolist() == [3, 1]
    assert data.bounds == (0, 255)
    with pytest.raises(DataError, match="swapped"):
        read_idx_pair(labels, images)
    labels.write_bytes(idx(np.array([3, 1, 2], np.uint8)))
    with pytest.raises(DataError, match=r"2 images and .* 3 labels"):
        read_idx_pair(images, labels)
