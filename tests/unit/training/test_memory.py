"""Memory that runs out in the middle of a training, for real: one line on what to change."""

import resource
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.processes import in_fresh_process
from lesions.models.transfer import build_network
from lesions.runtime.console import UserError
from lesions.training.fit import fit, set_seeds
from lesions.training.training_set import Pictures
from tests.unit.small_params import SMALL, params_with
from tests.unit.trainings import toy_data

SIDE, BATCH = 64, 900  # the first feature map of such a batch alone takes 470 MB
ROOM = 1000  # MB: enough for what is started with every training, not for the maps of such a batch
MESSAGE = rf"^out of memory with train\.batch_size {BATCH} and image_size {SIDE}: lower one of them in params\.yaml$"


def train(pictures: int, batch: int) -> None:
    data = toy_data(per_class=pictures // 3)
    train, val = (Pictures(each.pixels.repeat(2, 1).repeat(2, 2), each.labels) for each in (data.train, data.val))  # type: ignore[attr-defined]
    params = params_with(**SMALL, epochs=1, image_size=SIDE, train__batch_size=batch)
    set_seeds(params.seed, params.train.deterministic)
    fit(build_network(params.model, 3, SIDE), data._replace(train=train, val=val), params, [])


def train_without_room() -> None:
    """First a small batch, for which everything is loaded; then a large one, and ROOM for it."""
    train(30, 10)
    status = Path("/proc/self/status").read_text(encoding="ascii")
    taken = int(next(line for line in status.splitlines() if line.startswith("VmSize")).split()[1]) * 1024
    resource.setrlimit(resource.RLIMIT_AS, (taken + ROOM * 2**20, resource.RLIM_INFINITY))
    train(BATCH, BATCH)


@pytest.mark.skipif(sys.platform != "linux", reason="limits the address space of a process as Linux does")
def test_a_batch_that_does_not_fit_ends_with_what_to_change() -> None:
    with pytest.raises(UserError, match=MESSAGE):
        in_fresh_process(train_without_room)


class Unreadable:
    """Pictures of which no batch can be had."""

    shape = (60, SIDE, SIDE, 3)

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __getitem__(self, members: Any) -> Any:
        raise self.error


@pytest.mark.parametrize(
    "asked_for_too_much",
    [lambda: np.empty(2**60, np.uint8), lambda: bytearray(2**60)],
    ids=["NumPy", "Python"],
)
def test_a_batch_that_cannot_be_made_ends_with_what_to_change(asked_for_too_much: Any) -> None:
    """Batches are made in a thread of TensorFlow's, which passes on an error of another kind."""
    with pytest.raises(MemoryError) as caught:
        asked_for_too_much()
    data = toy_data()
    data = data._replace(train=Pictures(Unreadable(caught.value), data.train.labels))
    params = params_with(**SMALL, image_size=SIDE, train__batch_size=BATCH)
    with pytest.raises(UserError, match=MESSAGE):
        fit(build_network(params.model, 3, SIDE), data, params, [])
