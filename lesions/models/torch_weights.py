"""Reads weights that PyTorch wrote before its version 1.6, without PyTorch, and runs nothing that is in the file."""

import hashlib
import io
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from lesions.runtime.console import UserError

HEADERS = 3  # pickles before the table of weights: a magic number, the protocol, sizes of types of the machine


class _Storage(NamedTuple):
    """Numbers that stand at the end of the file: their key, type and number."""

    key: str
    dtype: np.dtype[Any]
    length: int


class _Tensor(NamedTuple):
    """An array within a storage: offset, shape and strides in numbers, not bytes."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read_torch_weights(path: Path, sha256: str) -> dict[str, np.ndarray]:
    """The arrays of a state dict by name, in PyTorch's order of axes; `path` must have that SHA-256.

    The file is a pickle, and a pickle may run any code. So only the four names that weights are made of are allowed
    (`_Unpickler`), and nothing is unpickled before the checksum holds. Raises UserError where it does not, and
    pickle.UnpicklingError for any other name.
    """
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise UserError(f"{path}: not the weights that were published (SHA-256 {found[:12]}..): install them again")
    return parse_torch_weights(content)


def parse_torch_weights(content: bytes) -> dict[str, np.ndarray]:
    """The arrays of the content of such a file."""
    file = io.BytesIO(content)
    for _ in range(HEADERS):
        _Unpickler(file).load()
    tensors: dict[str, _Tensor] = _Unpickler(file).load()
    types = {tensor.storage.key: tensor.storage.dtype for tensor in tensors.values()}
    numbers = {}
    for key in _Unpickler(file).load():  # the storages follow in this order, each after its length
        count = int(np.frombuffer(file.read(8), "<i8")[0])
        numbers[key] = np.frombuffer(file.read(count * types[key].itemsize), types[key])
    return {name: _array(tensor, numbers[tensor.storage.key]) for name, tensor in tensors.items()}


def _array(tensor: _Tensor, numbers: np.ndarray) -> np.ndarray:
    last = tensor.offset + sum((n - 1) * step for n, step in zip(tensor.shape, tensor.strides, strict=True))
    if not 0 <= tensor.offset <= last < len(numbers) or min(tensor.strides, default=0) < 0:
        raise pickle.UnpicklingError("a tensor reaches beyond its numbers")
    strides = [step * numbers.itemsize for step in tensor.strides]
    return as_strided(numbers[tensor.offset :], tensor.shape, strides, writeable=False).copy()


def _rebuild_tensor(storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: Any) -> Any:
    return _Tensor(storage, offset, shape, strides)


class _Unpickler(pickle.Unpickler):
    """Allows the names that a table of weights is made of, and no other."""

    ALLOWED = {  # noqa: RUF012 - never mutated
        ("collections", "OrderedDict"): OrderedDict,
        ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
        ("torch", "FloatStorage"): np.dtype("<f4"),
        ("torch", "LongStorage"): np.dtype("<i8"),
    }

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self.ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name} has no place in a file of weights")
        return self.ALLOWED[module, name]

    def persistent_load(self, pid: Any) -> _Storage:
        _, dtype, key, _, count, _ = pid
        return _Storage(key, dtype, count)
