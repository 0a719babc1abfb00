"""Everything that decides the outcome of a training, as hashes: params, pictures, code, pretrained weights, machine."""

import hashlib
import json
import os
import platform
import sys
from pathlib import Path

import numpy as np

from lesions.models.backend import ONEDNN, keras, tf
from lesions.params.schema import Params
from lesions.runtime.console import available_cores
from lesions.training.cache import content_hash
from lesions.training.training_set import TrainingData

ROOT = Path(__file__).resolve().parents[2]  # of the project
PACKAGES = ("lesions", "stages")
ONEDNN_LIMITS = ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA")  # oneDNN's own limit on instruction sets, by both names
CPU_FLAGS = Path("/proc/cpuinfo")  # of Linux
NO_INFLUENCE = {"cache"}  # under train: where pictures wait for their turn changes nothing in the result


def fingerprint(params: Params, data: TrainingData, code: dict[str, str]) -> dict[str, str]:
    """A hash for each part, by the part's name. The same parts give the same weights, to the bit.

    code: from loaded_code() at the start of the run: somebody may edit a file while the pictures are being read.
    """
    return {
        "params": _sha256(_used(params)),
        "pictures": _sha256(_pictures(data)),
        "code": _sha256(code),
        "pretrained weights": _file(params.model.initial_weights),
        "machine or library versions": _sha256(_machine()),
        "instruction sets": _sha256(_instruction_sets()),
    }


def loaded_code() -> dict[str, str]:
    """The source of every module of the project that is loaded, and of the script that runs, by its path: a hash."""
    files = {Path(path).resolve() for module in list(sys.modules.values()) if (path := _source(module))}
    ours = sorted(file for file in files if file.is_relative_to(ROOT) and file.relative_to(ROOT).parts[0] in PACKAGES)
    return {file.relative_to(ROOT).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest() for file in ours}


def _used(params: Params) -> object:
    model, train = params.model.model_dump(), params.train.model_dump(exclude=NO_INFLUENCE)
    return [params.epochs, params.image_size, params.seed, params.rebalance.method, model, train]


def _pictures(data: TrainingData) -> object:
    splits = [[content_hash(split.pixels), split.labels.tolist()] for split in (data.train, data.val)]
    shares = None if data.shares is None else data.shares.tolist()
    return [data.classes, splits, data.loss_weights.tolist(), shares]


def _machine() -> object:
    """Sums are cut by the number of cores: with another number, the last bits differ."""
    versions = [keras.__version__, tf.__version__, np.__version__, platform.python_version()]
    return [*versions, platform.machine(), available_cores()]


def _instruction_sets() -> object:
    """Whether oneDNN computes, and with which of the processor's instructions: each sums in an order of its own."""
    switches = [os.environ.get(name, "") for name in (ONEDNN, *ONEDNN_LIMITS)]
    try:
        lines = CPU_FLAGS.read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    flags = next((line for line in lines if line.startswith(("flags", "Features"))), platform.processor())
    return [switches, flags]


def _file(weights: str) -> str:
    """The content of a file with pretrained weights; those that Keras fetches are known by name and version."""
    path = Path(weights)
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else weights


def _source(module: object) -> str | None:
    path = getattr(module, "__file__", None)
    return path if isinstance(path, str) and path.endswith(".py") else None


def _sha256(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
