"""Images in class folders (``cats/1.png, dogs/7.jpg``) as a data set, through Pillow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.dataset import Dataset
from chainrule.errors import DataError, MissingExtraError

__all__ = ["read_image_files", "read_images"]

SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".pgm", ".ppm"}


def read_images(
    folder: Path | str, *, size: tuple[int, int] | None = None, grey: bool | None = None
) -> Dataset:
    """Return the images below a folder; the name of an image's own folder is its class.

    Parameters
    ----------
    folder : Path or str
        Holds one folder per class. Hidden folders and files with other suffixes are passed over.
    size : (height, width), optional
        Every image is brought to this size. When not given they must be of one size.
    grey : bool, optional
        One channel instead of three. When not given: where the first image is grey.

    Returns
    -------
    Dataset
        Inputs of shape (n, height, width) or (n, height, width, 3), uint8; in the order of the
        paths.

    Raises
    ------
    DataError
        No class folders, sizes that differ, or a file that is no image; the message names it.
    MissingExtraError
        Pillow is not installed.
    """
    folder = Path(folder)
    classes = sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
    files = [
        (path, index)
        for index, place in enumerate(classes)
        for path in sorted(place.rglob("*"))
        if path.suffix.lower() in SUFFIXES
    ]
    if not files:
        raise DataError(
            f"{folder}: no images in class folders; expected {folder}/CLASS/NAME.png "
            f"(or {', '.join(sorted(SUFFIXES - {'.png'}))})."
        )
    pixels = _read_all([path for path, _ in files], size, grey)
    labels = np.array([index for _, index in files])
    names = tuple(place.name for place in classes)
    return Dataset(
        str(folder), pixels, labels, "classification", classes=names, bounds=(0.0, 255.0)
    )


def read_image_files(
    folder: Path | str, size: tuple[int, int] | None = None, grey: bool | None = None
) -> NDArray[np.uint8]:
    """Return the images in a folder without classes, in the order of their names.

    Returns
    -------
    ndarray, shape (n, height, width) or (n, height, width, 3), uint8
    """
    files = sorted(p for p in Path(folder).iterdir() if p.suffix.lower() in SUFFIXES)
    if not files:
        raise DataError(f"{folder}: no images ({', '.join(sorted(SUFFIXES))}).")
    return _read_all(files, size, grey)


def _read_all(
    files: list[Path], size: tuple[int, int] | None, grey: bool | None
) -> NDArray[np.uint8]:
    pixels: list[NDArray[np.uint8]] = []
    for path in files:
        image = _open(path, size, grey)
        grey = image.ndim == 2
        if pixels and image.shape != pixels[0].shape:
            raise DataError(
                f"{path} has {_size(image)} pixels, {files[0]} has {_size(pixels[0])}; images "
                "of one size are expected. Give size=(height, width) to bring them to one."
            )
        pixels.append(image)
    return np.stack(pixels)


def _open(path: Path, size: tuple[int, int] | None, grey: bool | None) -> NDArray[np.uint8]:
    try:
        from PIL import Image, UnidentifiedImageError
    except ImportError as error:
        raise MissingExtraError(
            "Images are read with Pillow: pip install 'chainrule[data]'."
        ) from error
    try:
        with Image.open(path) as image:
            is_grey = image.mode in ("1", "L", "LA", "I", "I;16", "F")
            mode = "L" if (is_grey if grey is None else grey) else "RGB"
            converted = image.convert(mode)
            if size is not None:
                converted = converted.resize((size[1], size[0]), Image.Resampling.BILINEAR)
            return np.asarray(converted, dtype=np.uint8)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise DataError(f"{path}: not a whole image ({error}).") from error


def _size(image: NDArray[Any]) -> str:
    return f"{image.shape[0]} × {image.shape[1]}"
