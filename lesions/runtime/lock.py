"""One run at a time in a folder, and whether the program that started this one is still there."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from lesions.runtime.console import UserError


@contextlib.contextmanager
def exclusive_run(path: Path) -> Iterator[None]:
    """Hold the lock file while the block runs; the system releases it when this process ends, however it ends.

    `dvc repro` that is killed leaves its stage running. A second run beside it would write the same files.
    Raises UserError that names the process which holds the lock, by a file beside it: Windows lets nobody else read a
    locked file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    holder = path.with_suffix(".pid")
    lock = FileLock(path, fallback_to_soft=False)  # a lock by mere existence would outlive a process that is killed
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise UserError(_explain(holder.read_text(encoding="ascii") if holder.exists() else "")) from None
    try:
        holder.write_text(str(os.getpid()), encoding="ascii")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


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
    command = f"taskkill /F /PID {pid}" if os.name == "nt" else f"kill {pid}"
    return (
        f"a training is already running in this folder: process {pid or 'unknown'}, perhaps left over from a "
        f"`dvc repro` that was killed. Wait until it ends, or stop it{f' ({command})' if pid else ''}: "
        "the next `dvc repro` then goes on after its last complete epoch"
    )
