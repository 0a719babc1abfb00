"""What a trained model says of pictures, on the command line.

Runs the bundle that `dvc repro export` makes, without TensorFlow. Research software, not a medical device.
"""

import io
import os
import sys
from argparse import ArgumentParser, ArgumentTypeError, RawDescriptionHelpFormatter
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path

from app import wording
from app.inputs import InputFile, InputFiles, find_inputs
from app.output import PictureResult, csv_lines, json_lines, table_lines
from lesions.bundle.bundle import Bundle
from lesions.data.images import PictureError, load_view, write_png
from lesions.params.paths import BUNDLE
from lesions.rendering.heatmaps import overlay
from lesions.runtime.console import UserError, available_cores, run

SHOWN_SIDE = 512  # pixels; longer side of a picture under its heat map
AHEAD = 8  # pictures in work or waiting to be printed, for each worker: memory does not grow with their number
EXAMPLE = """\
examples:
  python -m app.predict lesion.jpg
  python -m app.predict data/mine --format csv > answers.csv
  find . -name '*.jpg' -mtime -1 | python -m app.predict - --format json

Exit code: 0, 1 where a picture could not be read (its row says why, the others are done), 2 for wrong arguments.
"""


def main() -> None:
    """Read the command line, predict, print."""
    parser = ArgumentParser(
        "python -m app.predict", None, __doc__, EXAMPLE, formatter_class=RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "paths", nargs="+", metavar="PATH", help="picture, folder of pictures, pattern, or - for one of these a line"
    )
    parser.add_argument("--format", choices=("table", "csv", "json"), default="table", help="default: table")
    parser.add_argument("--top", type=_at_least_1, default=3, metavar="N", help="classes in the table, default 3")
    parser.add_argument("--explain", type=Path, metavar="DIR", help="write a heat map of each picture into this folder")
    parser.add_argument("--model", type=Path, default=BUNDLE, metavar="DIR", help=f"the bundle, default {BUNDLE}")
    arguments = parser.parse_args()
    _allow_any_name(arguments.format)
    bundle = Bundle.load(arguments.model)
    if arguments.explain and not bundle.about.pooled:
        raise UserError(f"--explain: heat maps of this model: {bundle.about.heat_maps}")
    sources = find_inputs(arguments.paths, sys.stdin)
    if not sources.found:
        raise UserError("no path on standard input: give one a line")
    failed = _print_answers(bundle, sources, arguments.format, arguments.top, arguments.explain)
    _tell_what_is_left_out(sources, failed)
    if arguments.explain:
        print(f"{arguments.explain}: {wording.HEAT_MAP}", file=sys.stderr)
    sys.exit(1 if failed else 0)


def answer_all(bundle: Bundle, sources: Sequence[InputFile], explain: Path | None = None) -> Iterator[PictureResult]:
    """The answers for the sources, in their order, as they come, from one thread a core (Pillow decodes beside Python).

    explain: a folder for heat maps over the pictures, or nothing.
    """
    target = _targets(sources, explain) if explain else None
    jobs = [partial(answer, bundle, source, target and target(source)) for source in sources]
    workers = min(len(jobs), available_cores())
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[PictureResult]] = deque()
        try:
            for job in jobs:
                waiting.append(pool.submit(job))
                if len(waiting) >= workers * AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def answer(bundle: Bundle, source: InputFile, target: Path | None = None) -> PictureResult:
    """What the model says of one picture, or why it cannot be read; target: where its heat map goes, or nowhere."""
    if source.problem:
        return PictureResult(source.path, None, source.problem)
    try:
        content = Path(source.path).read_bytes()
        (said,) = bundle.predict(bundle.pixels(content)[None], explain=target is not None)
        view = load_view(content, SHOWN_SIDE) if target else None
    except PictureError as error:
        return PictureResult(source.path, None, str(error))
    except OSError as error:
        return PictureResult(source.path, None, f"unreadable: {error.strerror or type(error).__name__}")
    if target and view is not None and said.heat is not None:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_png(target, overlay(view, said.heat))
    return PictureResult(source.path, said)


def _print_answers(bundle: Bundle, sources: InputFiles, how: str, top: int, explain: Path | None) -> int:
    """Print line by line; returns how many pictures could not be read."""
    failed = 0

    def counted() -> Iterator[PictureResult]:
        nonlocal failed
        for one in answer_all(bundle, sources.found, explain):
            failed += one.said is None
            yield one

    answers, write = _with_bar(counted(), len(sources.found))
    if how == "json":
        lines = json_lines(answers)
    elif how == "csv":
        lines = csv_lines(answers, bundle.about)
    else:
        lines = table_lines(answers, bundle.about, [source.path for source in sources.found], top)
    for line in lines:
        write(line)
    return failed


def _with_bar(answers: Iterator[PictureResult], total: int) -> tuple[Iterator[PictureResult], Callable[[str], None]]:
    """The answers, counted by a progress bar on a terminal, and a function that prints a line without disturbing it."""
    if total == 1 or not sys.stderr.isatty():
        return answers, print
    from tqdm import tqdm  # here: one picture is answered before it is imported

    bar = iter(tqdm(answers, total=total, unit=" pictures", leave=False))
    return bar, partial(tqdm.write, file=sys.stdout) if sys.stdout.isatty() else print


def _tell_what_is_left_out(sources: InputFiles, failed: int) -> None:
    if sources.passed_over:
        print(f"{sources.passed_over} files in folders are not named like pictures: passed over", file=sys.stderr)
    if failed:
        print(f"{failed} of {len(sources.found)} could not be read: see their rows", file=sys.stderr)


def _targets(sources: Sequence[InputFile], folder: Path) -> Callable[[InputFile], Path]:
    """Where the heat map of each picture goes: <folder>/<path below what all pictures have in common>.png."""
    paths = [Path(os.path.abspath(source.path)) for source in sources if not source.problem]  # noqa: PTH100 - no links
    common = os.path.commonpath([path.parent for path in paths]) if paths else ""
    return lambda source: folder / f"{os.path.relpath(source.path, common)}.png"


def _allow_any_name(how: str) -> None:
    """Names of files may hold what the terminal's encoding, or any, does not: they must not end a run of thousands."""
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="surrogateescape")
    if isinstance(sys.stdout, io.TextIOWrapper):
        if how == "table":
            sys.stdout.reconfigure(errors="backslashreplace")
        else:
            sys.stdout.reconfigure(encoding="utf-8", errors="surrogateescape")


def _at_least_1(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is no whole number of 1 or more")
    return int(text)


if __name__ == "__main__":
    run(main, way_back="Nothing was changed.")
