"""Output formats of predictions: a table for people, CSV and JSON for programs."""

import csv
import io
import json
import textwrap
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from app import wording
from lesions.bundle.bundle import Prediction
from lesions.data.results.bundle import BundleMetadata
from lesions.runtime.file_names import table_name
from lesions.runtime.outputs import CSV_LINE_END

SET_SEPARATOR = ";"  # between classes in one cell of a CSV file
LONGEST_PATH = 48  # characters of a path in a table; its end distinguishes pictures
GAP = "  "
LINE_WIDTH = 110  # characters


class PictureResult(NamedTuple):
    """The path of a picture as the user wrote it, and either its prediction or the error that prevented one."""

    path: str
    prediction: Prediction | None
    error: str = ""


def json_lines(results: Iterable[PictureResult]) -> Iterator[str]:
    """A JSON list with one object a line: path, label, probability, probabilities, melanoma_score, above_threshold,
    conformal_set, not_sure, error. For an unreadable picture all between path and error is null.
    """
    yield "["
    previous = ""
    for result in results:
        if previous:
            yield f"{previous},"
        previous = json.dumps(as_object(result), allow_nan=False)
    yield previous
    yield "]"


def as_object(result: PictureResult) -> dict[str, Any]:
    """One picture as a JSON object."""
    prediction = result.prediction
    return {
        "path": table_name(result.path),
        "label": prediction and prediction.label,
        "probability": prediction and prediction.probability,
        "probabilities": prediction and prediction.probabilities,
        "melanoma_score": prediction and prediction.melanoma_score,
        "above_threshold": prediction and prediction.above_threshold,
        "conformal_set": prediction and list(prediction.conformal_set),
        "not_sure": prediction and prediction.not_sure,
        "error": result.error or None,
    }


def csv_lines(results: Iterable[PictureResult], metadata: BundleMetadata) -> Iterator[str]:
    """The same as CSV with a header: p_<class> for the probabilities, true and false, empty for null."""
    yield _csv_line([
        "path", "label", "probability", *(f"p_{label}" for label in metadata.labels),
        "melanoma_score", "above_threshold", "conformal_set", "not_sure", "error",
    ])  # fmt: skip
    for result in results:
        row = as_object(result)
        p = row["probabilities"] or {}
        classes = SET_SEPARATOR.join(row["conformal_set"] or [])
        row |= {"probabilities": None, "conformal_set": classes}
        cells = {name: _cell(value) for name, value in row.items()}
        yield _csv_line([
            cells["path"], cells["label"], cells["probability"], *(_cell(p.get(label)) for label in metadata.labels),
            cells["melanoma_score"], cells["above_threshold"], classes, cells["not_sure"], cells["error"],
        ])  # fmt: skip


def table_lines(
    results: Iterable[PictureResult], metadata: BundleMetadata, paths: list[str], top: int
) -> Iterator[str]:
    """A table for people, line by line as results arrive; paths: of all results, for the width of the first column.

    top: the number of classes with their scores. The lines before and after describe the model and its limits.
    """
    width = min(LONGEST_PATH, max(map(len, [*paths, "picture"])))
    shorts = {each.label: each.short for each in metadata.classes}
    top = min(top, len(shorts))
    longest = max(map(len, shorts.values()))
    scores_width = max(len("scores"), top * (longest + 5) + (top - 1) * len(GAP))
    yield f"model {metadata.version} ({metadata.network}, trained on {metadata.data.n_train} pictures)"
    if metadata.data.synthetic:
        yield wording.SYNTHETIC
    yield ""
    yield GAP.join(["picture".ljust(width), "melanoma   ", "scores".ljust(scores_width), "could be"])
    for result in results:
        path = _shortened(result.path, width).ljust(width)
        prediction = result.prediction
        if prediction is None:
            yield f"{path}{GAP}error: {result.error}"
            continue
        best = sorted(prediction.probabilities.items(), key=lambda item: -item[1])[:top]
        scores = GAP.join(f"{shorts[label]:{longest}} {p:.2f}" for label, p in best)
        could_be = [", ".join(shorts[label] for label in prediction.conformal_set) or "none", *_remarks(prediction)]
        yield GAP.join([path, _melanoma_cell(prediction), scores.ljust(scores_width), "; ".join(could_be)])
    yield ""
    yield from _legend(metadata)


def _legend(metadata: BundleMetadata) -> Iterator[str]:
    rule = metadata.thresholds.get("melanoma")
    if rule is None:
        yield wording.NO_MELANOMA_CLASS.capitalize() + "."
    elif rule.threshold is None:
        yield wording.NO_THRESHOLD.capitalize() + "."
    else:
        yield f"above  melanoma score at or above {rule.threshold:.3f}: {wording.ABOVE_THRESHOLD}"
        yield f"below  {wording.BELOW_THRESHOLD}"
    yield f"could be  {wording.coverage_text(metadata)}"
    names = ", ".join(f"{each.short} {each.name}" for each in metadata.classes if each.short != each.name)
    yield from textwrap.wrap(names, LINE_WIDTH)
    if rule is not None:
        yield wording.missed_melanomas_text(metadata)
    yield wording.NEVER_ASSESSED
    yield wording.NOT_A_DEVICE


def _melanoma_cell(prediction: Prediction) -> str:
    if prediction.melanoma_score is None:
        return "-".ljust(11)
    side = {True: "above", False: "below", None: "-"}[prediction.above_threshold]
    return f"{prediction.melanoma_score:.3f} {side:5}"


def _remarks(prediction: Prediction) -> list[str]:
    remarks = [wording.NOT_SURE] if prediction.not_sure else []
    remarks += [wording.OUT_OF_DISTRIBUTION] if prediction.unlike_training else []
    return remarks + ([wording.HEAT_ON_FRAME] if prediction.heat_on_frame else [])


def _shortened(path: str, width: int) -> str:
    """The end of a path that fits; control characters, which would change the terminal, are replaced."""
    path = "".join(character if character.isprintable() else "?" for character in path)
    return path if len(path) <= width else f"...{path[len(path) - width + 3 :]}"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _csv_line(cells: list[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator=CSV_LINE_END).writerow(cells)
    return buffer.getvalue().removesuffix(CSV_LINE_END)
