"""What the network is trained on: the pictures, what each class weighs, and the order of an epoch."""

from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from lesions.data.plan import Weights

Indices = NDArray[np.int64]


class PictureStore(Protocol):
    """Pictures in memory (an array) or elsewhere: shape (n, side, side, 3), and pixels uint8 by an array of indices."""

    @property
    def shape(self) -> tuple[int, ...]:
        """As of an array."""
        ...

    def __getitem__(self, indices: Indices, /) -> Any:
        """(b, side, side, 3) for b indices."""
        ...


class Pictures(NamedTuple):
    """Pixels (n, side, side, 3) and labels (n,), the index of each picture's class."""

    pixels: PictureStore
    labels: Indices


class TrainingData(NamedTuple):
    """The training and validation pictures, and how the plan weighs the classes.

    loss_weights: (classes,), 1 on average over the training pictures. shares: (classes,) that sum to 1, what each class
    gets of an epoch's draws; None where every picture is drawn once.
    """

    classes: list[str]
    train: Pictures
    val: Pictures
    loss_weights: Weights
    shares: Weights | None


def not_in_validation(data: TrainingData) -> list[str]:
    """The classes without a validation picture: no score on validation pictures says anything about them."""
    present = set(data.val.labels.tolist())
    return [label for index, label in enumerate(data.classes) if index not in present]


def epoch_order(labels: Indices, shares: Weights | None, seed: int, epoch: int) -> Indices:
    """The pictures of one epoch, as indices, in their order; as many as there are training pictures.

    It follows from (seed, epoch) alone: a run that is taken up in the middle goes on as if it had never stopped.
    Without shares each picture comes once. With shares each class gets its part of the epoch, to within one picture;
    in a class no picture comes a second time before all have come once. Which ones come is drawn anew every epoch.
    """
    rng = np.random.default_rng((seed, epoch))
    if shares is None:
        return rng.permutation(len(labels))
    ends = np.rint(np.cumsum(shares) * len(labels)).astype(int)
    draws = [
        np.resize(rng.permutation(np.flatnonzero(labels == label)), count)
        for label, count in enumerate(np.diff(ends, prepend=0))
    ]
    return rng.permutation(np.concatenate(draws))
