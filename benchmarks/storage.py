"""Where pictures, cache and remotes may lie: read-only, behind a symbolic link, in a bucket; and two runs at once."""

import logging
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.interruptions import Trial
from benchmarks.small_pipeline import DATASET, STARTED, Pipeline

BUCKET = "lesions"


def try_all(pipeline: Pipeline, wanted: dict[str, str], folder: Path) -> list[Trial]:
    """Every trial on a finished pipeline, which each leaves as it was; folder: for what lies outside of it."""
    trials: dict[str, Callable[[Pipeline, dict[str, str], Path], str]] = {
        "two experiments at once": two_experiments,
        "two `dvc repro` at once": two_runs,
        "pictures on a read-only file system": read_only_data,
        "cache behind a symbolic link, outputs as links into it": linked_cache,
        "`dvc gc --workspace`, then checkout": collect_garbage,
        "push and pull, a folder as remote": local_remote,
        "push and pull, S3": s3_remote,
    }
    return [Trial(name, _tried(trial, pipeline, wanted, folder)) for name, trial in trials.items()]


def _tried(trial: Callable[[Pipeline, dict[str, str], Path], str], *arguments: object) -> str:
    try:
        return trial(*arguments)  # type: ignore[arg-type]
    except RuntimeError as error:
        return str(error)
    except subprocess.CalledProcessError as error:
        return f"not tried: {error.stderr}"


def two_experiments(pipeline: Pipeline, wanted: dict[str, str], _: Path) -> str:
    """Both in folders of their own, the second while the first computes; the workspace stays as it is.

    While the first sets its folder up, DVC lets nobody else in, and says so.
    """
    runs = []
    for pictures in (9, 12):
        change = ("--name", f"sheet-{pictures}", "-S", f"evaluate.sheet_pictures={pictures}")
        process = pipeline.start("dvc", "exp", "run", "--temp", *change)
        heard = ""
        for line in pipeline.lines(process):
            heard += line
            if line.startswith(STARTED):
                break
        runs.append((process, heard))
    for process, heard in runs:
        text = heard + process.communicate()[0]
        if process.returncode:
            return text[-2000:]
    shown = pipeline.must("dvc", "exp", "show", "--csv").text
    if not all(f"sheet-{pictures}" in shown for pictures in (9, 12)):
        return f"an experiment is missing:\n{shown}"
    return "" if pipeline.is_whole(wanted) else "the workspace has changed"


def two_runs(pipeline: Pipeline, wanted: dict[str, str], _: Path) -> str:
    """Both in one folder: one of them may say that it has to wait, and the outputs are right at the end."""
    runs = [pipeline.start("dvc", "repro", "--single-item", "--force", "report") for _ in range(2)]
    texts = [process.communicate()[0] for process in runs]
    if any("Traceback" in text for text in texts) or all(process.returncode for process in runs):
        return "\n".join(texts)[-2000:]
    return "" if pipeline.is_whole(wanted) else "other outputs"


def read_only_data(pipeline: Pipeline, wanted: dict[str, str], _: Path) -> str:
    """As on a network share. Root may write to whatever is only marked so: it takes a mount."""
    data = pipeline.folder / DATASET
    with _mounted_read_only(data):
        pipeline.must("dvc", "repro", "--single-item", "--force", "check", "prepare")
    return "" if pipeline.is_whole(wanted) else "other outputs"


@contextmanager
def _mounted_read_only(folder: Path) -> Iterator[None]:
    commands: tuple[list[str | Path], ...] = (
        ["mount", "--bind", folder, folder],
        ["mount", "-o", "remount,ro,bind", folder],
    )
    for command in commands:
        subprocess.run(command, capture_output=True, text=True, check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def linked_cache(pipeline: Pipeline, wanted: dict[str, str], folder: Path) -> str:
    """As where the cache lies on a large disk: `.dvc/cache` is a link, and so is every output."""
    cache, elsewhere = pipeline.folder / ".dvc" / "cache", folder / "large disk"
    cache.rename(elsewhere)
    cache.symlink_to(elsewhere)
    pipeline.must("dvc", "config", "--local", "cache.type", "symlink")
    pipeline.must("dvc", "checkout", "--relink", "dvc.yaml")
    try:
        if not (pipeline.folder / "models" / "model.keras").is_symlink():
            return "no output is a link"
        for stage in ("augment", "evaluate", "export"):
            pipeline.must("dvc", "repro", "--single-item", "--force", stage)
        return "" if pipeline.is_whole(wanted) else "other outputs"
    finally:
        pipeline.run("dvc", "config", "--local", "--unset", "cache.type")
        cache.unlink()
        elsewhere.rename(cache)
        pipeline.run("dvc", "checkout", "--relink", "dvc.yaml")


def collect_garbage(pipeline: Pipeline, wanted: dict[str, str], _: Path) -> str:
    """What no output needs goes, all else comes back from the cache."""
    pipeline.must("dvc", "gc", "--workspace", "--force")
    _remove_outputs(pipeline)
    pipeline.must("dvc", "checkout", "dvc.yaml")
    return "" if pipeline.is_whole(wanted) else "an output is lost"


def local_remote(pipeline: Pipeline, wanted: dict[str, str], folder: Path) -> str:
    """A folder, as on a share."""
    return _round_trip(pipeline, wanted, str(folder / "remote"), {})


def s3_remote(pipeline: Pipeline, wanted: dict[str, str], _: Path) -> str:
    """A bucket of a server that speaks S3."""
    import boto3
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # else a line for every file
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        url = "http://{}:{}".format(*server.get_host_and_port())
        keys = {"access_key_id": "test", "secret_access_key": "test"}
        named = {f"aws_{name}": value for name, value in keys.items()}
        boto3.client("s3", endpoint_url=url, region_name="us-east-1", **named).create_bucket(Bucket=BUCKET)
        return _round_trip(
            pipeline, wanted, f"s3://{BUCKET}/cache", {"endpointurl": url, "region": "us-east-1", **keys}
        )
    finally:
        server.stop()


def _round_trip(pipeline: Pipeline, wanted: dict[str, str], url: str, options: dict[str, str]) -> str:
    pipeline.must("dvc", "remote", "add", "--local", "--default", "tried", url)
    try:
        for name, value in options.items():
            pipeline.must("dvc", "remote", "modify", "--local", "tried", name, value)
        pipeline.must("dvc", "push", "dvc.yaml")
        _remove_outputs(pipeline)
        shutil.rmtree(pipeline.folder / ".dvc" / "cache")
        pipeline.must("dvc", "pull", "dvc.yaml")
        return "" if pipeline.is_whole(wanted) else "an output did not come back"
    finally:
        pipeline.run("dvc", "remote", "remove", "--local", "tried")


def _remove_outputs(pipeline: Pipeline) -> None:
    """Remove what DVC's cache holds: the rest is Git's."""
    for path in map(pipeline.folder.joinpath, pipeline.cached):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
