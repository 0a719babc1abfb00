"""What a trained model says of pictures, on the command line.

Runs the bundle that `dvc repro export` makes, without TensorFlow. Research software, not a medical device.
"""

import errno
import io
import os
import sys
from argparse import ArgumentTypeError
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path

from app import wording
from app.command_line import argument_parser
from app.inputs import InputFile, InputFiles, find_inputs
from app.output import PictureResult, csv_lines, json_lines, table_lines
from lesions.bundle.bundle import Bundle
from lesions.data.images import load_view
from lesions.data.picture_files import PictureError, read_file
from lesions.data.pixels import Pixels, write_png
from lesions.params.paths import BUNDLE
from lesions.rendering.heatmaps import overlay
from lesions.runtime.console import UserError, available_cores, run
from lesions.runtime.file_names import fitting_name
from lesions.runtime.outputs import check_writable

HEAT_MAP_SIDE = 512  # pixels; longer side of a picture under its heat map
QUEUED_PER_WORKER = 8  # pictures being predicted or waiting to be printed: bounds the memory
EXAMPLES = """\
examples:
  python -m app predict lesion.jpg
  python -m app predict data/mine --format csv > answers.csv
  find . -name '*.jpg' -mtime -1 | python -m app predict - --format json

Exit code: 0, 1 where a picture could not be read (its row says why, the others are done), 2 for wrong arguments.
"""


def main() -> None:
    """Parse the command line, predict, print."""
    parser = argument_parser("predict", __doc__, EXAMPLES)
    parser.add_argument(
        "paths", nargs="+", metavar="PATH", help="picture, folder of pictures, pattern, or - for one of these a line"
    )
    parser.add_argument("--format", choices=("table", "csv", "json"), default="table", help="default: table")
    parser.add_argument("--top", type=_at_least_1, default=3, metavar="N", help="classes in the table, default 3")
    parser.add_argument("--explain", type=Path, metavar="DIR", help="write a heat map of each picture into this folder")
    parser.add_argument("--model", type=Path, default=BUNDLE, metavar="DIR", help=f"the bundle, default {BUNDLE}")
    arguments = parser.parse_args()
    _write_utf_8_for_programs(arguments.format)
    bundle = Bundle.load(arguments.model)
    if arguments.explain and not bundle.metadata.pooled:
        raise UserError(f"--explain: heat maps of this model: {bundle.metadata.heat_maps}")
    if arguments.explain:
        check_writable(arguments.explain, "--explain", folder=True)
    sources = find_inputs(arguments.paths, sys.stdin.buffer if sys.stdin else None)
    if not sources.files:
        raise UserError("no path on standard input: give one a line")
    failed = _print_results(bundle, sources, arguments.format, arguments.top, arguments.explain)
    _report_skipped(sources, failed)
    if arguments.explain:
        print(f"{arguments.explain}: {wording.HEAT_MAP}", file=sys.stderr)
    sys.exit(1 if failed else 0)


def predict_all(bundle: Bundle, sources: Sequence[InputFile], explain: Path | None = None) -> Iterator[PictureResult]:
    """Yield the results in the order of the sources, from one thread per core (Pillow decodes without the GIL).

    explain: a folder for heat maps over the pictures, or None.
    """
    heat_map_path = _heat_map_paths(sources, explain) if explain else None
    jobs = [partial(predict_one, bundle, source, heat_map_path and heat_map_path(source)) for source in sources]
    workers = min(len(jobs), available_cores())
    with ThreadPoolExecutor(workers) as pool:
        pending: deque[Future[PictureResult]] = deque()
        try:
            for job in jobs:
                pending.append(pool.submit(job))
                if len(pending) >= workers * QUEUED_PER_WORKER:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def predict_one(bundle: Bundle, source: InputFile, heat_map: Path | None = None) -> PictureResult:
    """The prediction for one picture, or why it cannot be read; heat_map: the file for its heat map, or None."""
    if source.problem:
        return PictureResult(source.path, None, source.problem)
    try:
        content = read_file(Path(source.path))
        (prediction,) = bundle.predict(bundle.pixels(content)[None], explain=heat_map is not None)
        view = load_view(content, HEAT_MAP_SIDE) if heat_map else None
    except PictureError as error:
        return PictureResult(source.path, None, str(error))
    if heat_map and view is not None and prediction.heat is not None:
        _write_heat_map(heat_map, overlay(view, prediction.heat))
    return PictureResult(source.path, prediction)


def _write_heat_map(path: Path, pixels: Pixels) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_png(path, pixels)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise
        raise UserError(f"--explain: {path} cannot be written ({error.strerror}): name another folder") from None


def _print_results(bundle: Bundle, sources: InputFiles, output_format: str, top: int, explain: Path | None) -> int:
    """Print line by line; returns the number of pictures that could not be read."""
    failed = 0

    def count_failed() -> Iterator[PictureResult]:
        nonlocal failed
        for result in predict_all(bundle, sources.files, explain):
            failed += result.prediction is None
            yield result

    results, write = _with_progress_bar(count_failed(), len(sources.files))
    if output_format == "json":
        lines = json_lines(results)
    elif output_format == "csv":
        lines = csv_lines(results, bundle.metadata)
    else:
        lines = table_lines(results, bundle.metadata, [source.path for source in sources.files], top)
    for line in lines:
        write(line)
    return failed


def _with_progress_bar(
    results: Iterator[PictureResult], total: int
) -> tuple[Iterator[PictureResult], Callable[[str], None]]:
    """The results, with a progress bar on a terminal, and a function that prints a line without disturbing the bar."""
    if total == 1 or not sys.stderr.isatty():
        return results, print
    from tqdm import tqdm  # here: a single picture needs no bar, and the import takes time

    bar = iter(tqdm(results, total=total, unit=" pictures", leave=False))
    return bar, partial(tqdm.write, file=sys.stdout) if sys.stdout.isatty() else print


def _report_skipped(sources: InputFiles, failed: int) -> None:
    if sources.skipped:
        print(f"{sources.skipped} files in folders are not named like pictures: passed over", file=sys.stderr)
    if failed:
        print(f"{failed} of {len(sources.files)} could not be read: see their rows", file=sys.stderr)


def _heat_map_paths(sources: Sequence[InputFile], folder: Path) -> Callable[[InputFile], Path]:
    """The heat-map path of a picture as a function: <folder>/<path below the common parent of all pictures>.png."""
    paths = [Path(os.path.abspath(source.path)) for source in sources if not source.problem]  # noqa: PTH100 - keep links
    common = os.path.commonpath([path.parent for path in paths]) if paths else ""

    def path_of(source: InputFile) -> Path:
        below = Path(os.path.relpath(source.path, common))
        return folder / below.with_name(fitting_name(below.name, ".png"))

    return path_of


def _write_utf_8_for_programs(output_format: str) -> None:
    """Programs read UTF-8, whatever the terminal's encoding; a table for people has what the terminal can show."""
    if output_format != "table" and isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")


def _at_least_1(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is no whole number of 1 or more")
    return int(text)


if __name__ == "__main__":
    run(main, recovery_hint="Nothing was changed.")
