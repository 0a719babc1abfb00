"""Whether a run gave other results than those in Git although nothing that they are made of was changed.

That happens on another processor than the author's, where TensorFlow adds up in another order. Who does not know it
takes the long list of `git status` for a mistake of their own.
"""

import json
import subprocess
from pathlib import Path
from typing import Any

import yaml

from lesions.params.paths import EVALUATE_METRICS

LOCKS = ("dvc.lock", "data/dvc.lock")
HEADLINE = ("balanced_accuracy", "accuracy")  # the first that both have


def sentence() -> str | None:
    """One sentence on the files that differ, with the headline before and after; None where there is nothing to say.

    Nothing is said where code, params or raw data differ, too: then other results were asked for.
    """
    before = {lock: _committed(lock) for lock in LOCKS}
    after = {lock: Path(lock).read_text(encoding="utf-8") if Path(lock).exists() else None for lock in LOCKS}
    if before == after or None in (before[LOCKS[0]], after[LOCKS[0]]) or _inputs(before) != _inputs(after):
        return None
    changed = (_git("diff", "--name-only", "HEAD") or "").splitlines()
    return (
        f"The same inputs gave other results than those in Git{_headline()}: on another processor TensorFlow adds up "
        f"in another order, so this is no fault; {len(changed)} files differ: `git stash` sets them aside, "
        "`git commit -a` makes them what experiments are compared with."
    )


def _inputs(locks: dict[str, str | None]) -> dict[str, Any]:
    """Command, params and hashes of dependencies of every stage, without what another stage makes."""
    stages = {
        f"{lock}:{name}": stage
        for lock, text in locks.items()
        for name, stage in yaml.safe_load(text or "{}").get("stages", {}).items()
    }
    made = [out["path"] for stage in stages.values() for out in stage["outs"]]
    return {
        name: {
            "cmd": stage["cmd"],
            "params": stage.get("params"),
            "deps": {dep["path"]: dep.get("md5") for dep in stage["deps"] if not _lies_in(dep["path"], made)},
        }
        for name, stage in stages.items()
    }


def _lies_in(path: str, folders: list[str]) -> bool:
    return any(Path(path).is_relative_to(folder) for folder in folders)


def _headline() -> str:
    """The first headline score before and after, in brackets; nothing where it cannot be told."""
    committed = _committed(EVALUATE_METRICS.as_posix())
    if committed is None or not EVALUATE_METRICS.exists():
        return ""
    before, after = json.loads(committed), json.loads(EVALUATE_METRICS.read_text(encoding="utf-8"))
    name = next((name for name in HEADLINE if name in before and name in after), None)
    return f" ({name.replace('_', ' ')} {after[name]}, there {before[name]})" if name else ""


def _committed(path: str) -> str | None:
    """A file's text in the current commit; None where there is none."""
    return _git("show", f"HEAD:./{path}")


def _git(*arguments: str) -> str | None:
    """What Git prints; None where it fails, as outside of a repository."""
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout
