"""The checkpoint: what goes in comes out, to the bit; another run's or a damaged one is never taken up."""

import os
from pathlib import Path

import numpy as np
import pytest

from lesions.training.checkpoint import KEPT_OTHERS, Checkpoint, State

PARTS = {"params": "1", "pictures": "2", "code": "3"}
STATE = State(
    history=[{"loss": 0.1 + 0.2, "val_loss": 1 / 3}, {"loss": 1e-300, "val_loss": 5.0}],
    model=[np.array([[0.1, -0.0]], np.float32), np.array([2**62, 7], np.int64)],
    optimizer=[np.array(12, np.int64), np.full((2, 3), 1e-45, np.float32)],
    best=[np.arange(12, dtype=np.float32).reshape(3, 4)] * 11,
)


def save(folder: Path, parts: dict[str, str] = PARTS) -> Path:
    checkpoint = Checkpoint(folder, parts)
    checkpoint.save(STATE)
    return checkpoint.path


def test_a_state_comes_back_to_the_bit(tmp_path: Path) -> None:
    save(tmp_path)
    checkpoint = Checkpoint(tmp_path, PARTS)
    assert checkpoint.state is not None
    assert checkpoint.history == STATE.history
    for field in ("model", "optimizer", "best"):
        for ours, theirs in zip(getattr(checkpoint.state, field), getattr(STATE, field), strict=True):
            assert (ours.dtype, ours.shape, ours.tobytes()) == (theirs.dtype, theirs.shape, theirs.tobytes())
    assert checkpoint.note == "training resumes after epoch 2, where an earlier run was stopped"


def test_a_first_run_has_nothing_to_take_up_and_nothing_to_say(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "checkpoints", PARTS)
    assert (checkpoint.state, checkpoint.history, checkpoint.note) == (None, [], "")


@pytest.mark.parametrize("part", PARTS)
def test_what_differs_is_not_taken_up_and_named(tmp_path: Path, part: str) -> None:
    save(tmp_path)
    other = Checkpoint(tmp_path, {**PARTS, part: "changed"})
    assert other.state is None
    assert other.note.endswith(f"differs in its {part}")
    assert Checkpoint(tmp_path, PARTS).state is not None, "whoever changes back goes on with the earlier run"


@pytest.mark.parametrize("size", [0, 100, 500, -1])
def test_a_damaged_file_starts_the_training_anew(tmp_path: Path, size: int) -> None:
    path = save(tmp_path)
    path.write_bytes(path.read_bytes()[:size])
    checkpoint = Checkpoint(tmp_path, PARTS)
    assert checkpoint.state is None
    assert "is damaged" in checkpoint.note
    assert Checkpoint(tmp_path, {**PARTS, "params": "5"}).state is None, "nor may it stop another training"


def test_a_flipped_bit_is_found(tmp_path: Path) -> None:
    path = save(tmp_path)
    content = bytearray(path.read_bytes())
    place = content.index(STATE.best[0].tobytes())
    content[place + 9] ^= 1
    path.write_bytes(content)
    assert "is damaged" in Checkpoint(tmp_path, PARTS).note


def test_a_save_that_fails_leaves_the_earlier_epoch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(tmp_path)
    checkpoint = Checkpoint(tmp_path, PARTS)
    with monkeypatch.context() as patch, pytest.raises(OSError, match="disk full"):
        patch.setattr(np, "savez", lambda *_, **__: (_ for _ in ()).throw(OSError("disk full")))
        checkpoint.save(STATE._replace(history=[*STATE.history, {}]))
    assert len(Checkpoint(tmp_path, PARTS).history) == 2


def test_old_and_half_written_files_are_cleared_away(tmp_path: Path) -> None:
    """Each experiment that is stopped leaves one: a large network's would fill the disk."""
    others = [tmp_path / f"{number}.npz" for number in range(KEPT_OTHERS + 2)]
    for age, path in enumerate(reversed(others)):
        path.write_bytes(b"of another training")
        os.utime(path, (1e9 - age, 1e9 - age))
    (tmp_path / "x.npz.partial").write_text("half")
    mine = save(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([mine, *others[-KEPT_OTHERS:]])


def test_nothing_stays_when_the_training_is_over(tmp_path: Path) -> None:
    save(tmp_path)
    checkpoint = Checkpoint(tmp_path, PARTS)
    checkpoint.remove()
    assert not list(tmp_path.iterdir())
    checkpoint.remove()
