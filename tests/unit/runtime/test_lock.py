"""One run at a time: the second one is told who is there, and a dead one holds nothing."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lesions.runtime.console import UserError
from lesions.runtime.lock import exclusive_run, parent_process
from tests.imports import REPOSITORY

HOLD = "import sys, time; from pathlib import Path; from lesions.runtime.lock import exclusive_run\n"
HOLD += "with exclusive_run(Path(sys.argv[1])):\n"
HOLD += "    print('held', flush=True)\n    time.sleep(60)"


def hold(path: Path) -> subprocess.Popen[str]:
    """A process that holds the lock."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_run_is_told_which_process_to_stop(tmp_path: Path) -> None:
    holder = hold(tmp_path / "checkpoints" / "lock")
    try:
        with (
            pytest.raises(UserError, match=rf"process {holder.pid}, .*stop it \(kill {holder.pid}\)"),
            exclusive_run(tmp_path / "checkpoints" / "lock"),
        ):
            pytest.fail("two runs would write side by side")
    finally:
        holder.kill()
        holder.communicate()


def test_a_killed_run_holds_nothing(tmp_path: Path) -> None:
    holder = hold(tmp_path / "lock")
    os.kill(holder.pid, signal.SIGKILL)
    holder.communicate()
    with exclusive_run(tmp_path / "lock"):
        assert (tmp_path / "lock.pid").read_text() == str(os.getpid()), "it would name the process that was killed"


def test_the_lock_is_free_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="inside"), exclusive_run(tmp_path / "lock"):
        raise ValueError("inside")
    assert not (tmp_path / "lock.pid").exists(), "a pid that is used anew would be stopped"
    with exclusive_run(tmp_path / "lock"):
        pass


@pytest.mark.parametrize("shells", [[], ["sh", "-c", '"$@"; true', "sh"]], ids=["directly", "through a shell"])
def test_the_death_of_what_started_it_is_noticed(shells: list[str]) -> None:
    """DVC that is killed leaves the stage running; the stage must know that nobody takes its result."""
    code = "import time; from lesions.runtime.lock import parent_process\n"
    code += "before = parent_process()\nprint('up', flush=True)\n"
    code += "time.sleep(0.5)\nprint(parent_process() == before, flush=True)"
    starter = f"import subprocess; subprocess.run({[*shells, sys.executable, '-c', code]!r})"
    for kill in (False, True):
        process = subprocess.Popen([sys.executable, "-c", starter], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        if kill:
            process.kill()
        assert process.stdout.readline() == f"{not kill}\n"
        process.communicate()


def test_who_started_it_stays_the_same() -> None:
    assert parent_process() == parent_process()
    assert parent_process()[0] == os.getppid()
