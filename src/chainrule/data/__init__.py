"""Data sets, readers, and what stands between a file and a network.

- :func:`load` gives a built-in set by name; :func:`read` reads a file by its format.
- A reader gives a :class:`Table` (columns with kinds) or a :class:`Dataset` (arrays).
- :func:`prepare` makes a network's training, validation and test parts of either, and the
  :class:`Pipeline` of rules that is saved with the model and applied to new data.

Nothing is downloaded, and no file is ever unpickled by Python's unrestricted machinery.
"""

from __future__ import annotations

from chainrule.data.book import (
    BookData,
    book_format,
    digits,
    load_data_wrapper,
    vectorized_result,
)
from chainrule.data.builtin import BUILT_IN, load
from chainrule.data.dataset import Dataset, Task
from chainrule.data.idx import read_idx, read_idx_pair
from chainrule.data.inputs import read_inputs
from chainrule.data.labels import one_hot
from chainrule.data.mapped import MappedRows
from chainrule.data.mnist_pickle import MnistSets, load_mnist_pkl
from chainrule.data.pipeline import Pipeline
from chainrule.data.prepare import Part, Prepared, prepare
from chainrule.data.preprocess import Preprocessor
from chainrule.data.read import FORMATS, read
from chainrule.data.scaling import Scaling
from chainrule.data.split import Split, split
from chainrule.data.synthetic import circles, moons, sine, spirals, xor
from chainrule.data.table import Column, Kind, Table
from chainrule.data.targets import Classes, Numbers, TargetCode, code_for

__all__ = [
    "BUILT_IN",
    "FORMATS",
    "BookData",
    "Classes",
    "Column",
    "Dataset",
    "Kind",
    "MappedRows",
    "MnistSets",
    "Numbers",
    "Part",
    "Pipeline",
    "Prepared",
    "Preprocessor",
    "Scaling",
    "Split",
    "Table",
    "TargetCode",
    "Task",
    "book_format",
    "circles",
    "code_for",
    "digits",
    "load",
    "load_data_wrapper",
    "load_mnist_pkl",
    "moons",
    "one_hot",
    "prepare",
    "read",
    "read_idx",
    "read_idx_pair",
    "read_inputs",
    "sine",
    "spirals",
    "split",
    "vectorized_result",
    "xor",
]
