"""How a command ends: one clear message, and the right exit code."""

import errno
import io
import os
import sys
from collections.abc import Callable

RECOVERY_HINT = (
    "Earlier outputs come back with `dvc checkout dvc.yaml` (pictures, models, charts) and `git restore metrics plots "
    "reports data` (numbers)."
)
INTERRUPTED, BROKEN_PIPE = 130, 141  # 128 + SIGINT and SIGPIPE, the shell's convention


class UserError(Exception):
    """A mistake that its user can mend; the message names the problem, its place, and how to mend it."""


def available_cores() -> int:
    """Processor cores that this process may use (at least 1)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run(main: Callable[[], None], recovery_hint: str = RECOVERY_HINT) -> None:
    """Call main; turn a user's mistake, a full disk or Ctrl-C into one message on stderr and a non-zero exit.

    Any other exception is a defect of ours and keeps its traceback.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a name that the terminal's encoding lacks must not end the run
            stream.reconfigure(errors="backslashreplace")
    try:
        try:
            main()
        finally:
            sys.stdout.flush()  # here, not at exit, where a reader that has gone would end in exit code 120
    except UserError as error:
        _stop(f"error: {error}", recovery_hint, 1)
    except KeyboardInterrupt:
        _stop("stopped: nothing half-written is left; run the same command again to go on.", recovery_hint, INTERRUPTED)
    except BrokenPipeError:  # the reader of our output (head, less) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left would fail again at exit
        sys.exit(BROKEN_PIPE)
    except OSError as error:
        where = error.filename or "while writing"
        if error.errno == errno.ENOSPC:
            _stop(f"error: the disk is full ({where}): free some space, then run again.", recovery_hint, 1)
        if isinstance(error, PermissionError):
            _stop(f"error: no permission for {where}: mend it (chmod), then run again.", recovery_hint, 1)
        raise


def _stop(message: str, recovery_hint: str, code: int) -> None:
    sys.stdout.flush()
    print(f"\n{message}\n{recovery_hint}", file=sys.stderr)
    sys.exit(code)
