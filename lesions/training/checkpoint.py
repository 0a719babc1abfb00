"""What a stopped training needs to go on as if it had never stopped: one file, replaced after every epoch.

It lies outside the outputs, which DVC removes before it runs a stage. Its name is the hash of everything that decides
the result, so that a changed param, picture or line of code never goes on from a stale one.
"""

import hashlib
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lesions.runtime.outputs import PARTIAL, whole_file

CHECKPOINTS = Path("checkpoints")  # known to neither Git nor DVC
KEPT_OTHERS = 3  # stopped runs of other params, pictures or code that may still be gone back to

Arrays = Sequence[NDArray[Any]]
Scores = dict[str, float]


class State(NamedTuple):
    """A training after a complete epoch.

    history: scores and learning rate of every epoch. model: all its variables, with the statistics of normalisation
    and the state of every random layer. optimizer: its variables. best: weights of the best epoch, empty where the last
    are kept. Which epoch is the best, and how long ago that was, follows from the history.
    """

    history: list[Scores]
    model: Arrays
    optimizer: Arrays
    best: Arrays


class Checkpoint:
    """The file for one training. `state` is what an earlier run has left, or None, and `note` says so to people.

    Old files of other trainings are removed from the folder.
    parts: what decides the result, each part as a hash (lesions.training.fingerprint).
    Nobody else may write into the folder meanwhile (lesions.runtime.lock).
    """

    def __init__(self, folder: Path, parts: dict[str, str]) -> None:
        self.parts = parts
        key = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
        self.path = folder / f"{key}.npz"
        self.note = ""
        self.state = self._load()
        self._clear()

    @property
    def history(self) -> list[Scores]:
        """The epochs of the earlier run."""
        return self.state.history if self.state else []

    def save(self, state: State) -> None:
        """Replace the file, whole or not at all."""
        arrays = {f"{field}/{i}": array for field in State._fields[1:] for i, array in enumerate(getattr(state, field))}
        about = json.dumps({"parts": self.parts, "history": state.history}).encode()
        with whole_file(self.path) as partial, partial.open("wb") as file:  # an open file: np.savez changes a path
            np.savez(file, allow_pickle=False, about=np.frombuffer(about, np.uint8), **arrays)

    def remove(self) -> None:
        """The training is over and its results are written."""
        self.path.unlink(missing_ok=True)

    def _load(self) -> State | None:
        try:
            with np.load(self.path, allow_pickle=False) as archive:
                history = _about(archive)["history"]
                state = State(history, *(_arrays(archive, field) for field in State._fields[1:]))
        except FileNotFoundError:
            if others := self._others():
                differs = self._difference(others[0])
                self.note = f"from the first epoch: the stopped run in {self.path.parent} differs in its {differs}"
            return None
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            self.note = f"from the first epoch: {self.path} is damaged"
            return None
        self.note = f"training resumes after epoch {len(history)}, where an earlier run was stopped"
        return state

    def _others(self) -> list[Path]:
        """The files of other trainings, newest first."""
        paths = [path for path in self.path.parent.glob("*.npz") if path != self.path]
        return sorted(paths, key=lambda path: path.stat().st_mtime, reverse=True)

    def _difference(self, other: Path) -> str:
        try:
            with np.load(other, allow_pickle=False) as archive:
                theirs = _about(archive)["parts"]
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            theirs = {}
        return " and ".join(part for part, value in self.parts.items() if theirs.get(part) != value)

    def _clear(self) -> None:
        for path in [*self._others()[KEPT_OTHERS:], *self.path.parent.glob(f"*{PARTIAL}")]:
            path.unlink(missing_ok=True)


def _about(archive: Any) -> dict[str, Any]:
    return dict(json.loads(archive["about"].tobytes()))


def _arrays(archive: Any, field: str) -> Arrays:
    count = sum(name.startswith(f"{field}/") for name in archive.files)
    return [archive[f"{field}/{i}"] for i in range(count)]
