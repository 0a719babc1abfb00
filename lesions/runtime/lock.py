"""One run at a time in a folder, and whether the program that started this one is still there."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from lesions.runtime.console import UserError


@contextlib.contextmanager
def exclusive_run(path: Path) -> Iterator[None]:
    """Hold the lock file while the block runs; the system releases it when this process ends, however it ends.

    `dvc repro` that is killed leaves its stage running. A second run beside it would write the same files.
    Raises UserError that names the process which holds the lock.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise UserError(_explain(file.read())) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def parent_process() -> tuple[int, ...]:
    """The processes above this one, as far as the system tells: a different result later means that one has died.

    Two levels are read: some shells stay between DVC and the command that it runs.
    """
    parent = os.getppid()
    with contextlib.suppress(OSError, ValueError, IndexError):
        stat = Path(f"/proc/{parent}/stat").read_text(encoding="utf-8")
        return parent, int(stat.rpartition(")")[2].split()[1])  # after "(name)": state, parent
    return (parent,)


def _explain(pid: str) -> str:
    return (
        f"a training is already running in this folder: process {pid or 'unknown'}, perhaps left over from a "
        "`dvc repro` that was killed. Wait until it ends, or stop it"
        f"{f' (kill {pid})' if pid else ''}: the next `dvc repro` then goes on after its last complete epoch"
    )
