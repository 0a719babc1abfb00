"""What a model says of pictures, written down: a table for people, CSV and JSON for programs."""

import csv
import io
import json
import textwrap
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from app import wording
from lesions.bundle.bundle import Prediction
from lesions.bundle.metadata import BundleMetadata

SET_SEPARATOR = ";"  # between classes in one cell of a CSV file
LONGEST_PATH = 48  # characters of a path in a table; the end of it tells pictures apart
GAP = "  "
LINE = 110  # characters


class PictureResult(NamedTuple):
    """A picture's path as it was given, and either what the model says or why it says nothing."""

    path: str
    said: Prediction | None
    error: str = ""


def json_lines(answers: Iterable[PictureResult]) -> Iterator[str]:
    """A JSON list with one object a line: path, label, probability, probabilities, melanoma_score, above_threshold,
    conformal_set, not_sure, error. Without a picture all between path and error is null.
    """
    yield "["
    previous = ""
    for answer in answers:
        if previous:
            yield f"{previous},"
        previous = json.dumps(as_object(answer), allow_nan=False)
    yield previous
    yield "]"


def as_object(answer: PictureResult) -> dict[str, Any]:
    """One picture as a JSON object."""
    said = answer.said
    return {
        "path": answer.path,
        "label": said and said.label,
        "probability": said and said.probability,
        "probabilities": said and said.probabilities,
        "melanoma_score": said and said.melanoma_score,
        "above_threshold": said and said.above_threshold,
        "conformal_set": said and list(said.conformal_set),
        "not_sure": said and said.not_sure,
        "error": answer.error or None,
    }


def csv_lines(answers: Iterable[PictureResult], about: BundleMetadata) -> Iterator[str]:
    """The same as CSV with a header: p_<class> for the probabilities, true and false, empty where unknown."""
    yield _csv_line([
        "path", "label", "probability", *(f"p_{label}" for label in about.labels),
        "melanoma_score", "above_threshold", "conformal_set", "not_sure", "error",
    ])  # fmt: skip
    for answer in answers:
        row = as_object(answer)
        p = row["probabilities"] or {}
        classes = SET_SEPARATOR.join(row["conformal_set"] or [])
        row |= {"probabilities": None, "conformal_set": classes}
        cells = {name: _cell(value) for name, value in row.items()}
        yield _csv_line([
            cells["path"], cells["label"], cells["probability"], *(_cell(p.get(label)) for label in about.labels),
            cells["melanoma_score"], cells["above_threshold"], classes, cells["not_sure"], cells["error"],
        ])  # fmt: skip


def table_lines(answers: Iterable[PictureResult], about: BundleMetadata, paths: list[str], top: int) -> Iterator[str]:
    """A table for people, line by line as answers come; paths: all that will come, for the width of the first column.

    top: how many classes are shown with their scores. Sentences on what the model is and is not stand around it.
    """
    width = min(LONGEST_PATH, max(map(len, [*paths, "picture"])))
    shorts = {known.label: known.short for known in about.classes}
    top = min(top, len(shorts))
    longest = max(map(len, shorts.values()))
    scores_width = max(len("scores"), top * (longest + 5) + (top - 1) * len(GAP))
    yield f"model {about.version} ({about.network}, trained on {about.data.n_train} pictures)"
    if about.data.synthetic:
        yield wording.SYNTHETIC
    yield ""
    yield GAP.join(["picture".ljust(width), "melanoma   ", "scores".ljust(scores_width), "could be"])
    for answer in answers:
        path = _shortened(answer.path, width).ljust(width)
        if answer.said is None:
            yield f"{path}{GAP}error: {answer.error}"
            continue
        best = sorted(answer.said.probabilities.items(), key=lambda item: -item[1])[:top]
        scores = GAP.join(f"{shorts[label]:{longest}} {p:.2f}" for label, p in best)
        could_be = [", ".join(shorts[label] for label in answer.said.conformal_set) or "none", *_remarks(answer.said)]
        yield GAP.join([path, _melanoma(answer.said), scores.ljust(scores_width), "; ".join(could_be)])
    yield ""
    yield from _legend(about)


def _legend(about: BundleMetadata) -> Iterator[str]:
    rule = about.thresholds.get("melanoma")
    if rule is None:
        yield wording.NO_MELANOMA.capitalize() + "."
    elif rule["threshold"] is None:
        yield wording.NO_THRESHOLD.capitalize() + "."
    else:
        yield f"above  melanoma score at or above {rule['threshold']:.3f}: {wording.ABOVE}"
        yield f"below  {wording.BELOW}"
    yield f"could be  {wording.about_coverage(about)}"
    names = ", ".join(f"{known.short} {known.name}" for known in about.classes if known.short != known.name)
    yield from textwrap.wrap(names, LINE)
    if rule is not None:
        yield wording.about_missed(about)
    yield wording.NEVER_ASSESSED
    yield wording.NOT_A_DEVICE


def _melanoma(said: Prediction) -> str:
    if said.melanoma_score is None:
        return "-".ljust(11)
    side = {True: "above", False: "below", None: "-"}[said.above_threshold]
    return f"{said.melanoma_score:.3f} {side:5}"


def _remarks(said: Prediction) -> list[str]:
    remarks = [wording.NOT_SURE] if said.not_sure else []
    remarks += [wording.UNLIKE] if said.unlike_training else []
    return remarks + ([wording.ON_FRAME] if said.heat_on_frame else [])


def _shortened(path: str, width: int) -> str:
    """The end of a path that fits; without control characters, which would change the terminal."""
    path = "".join(character if character.isprintable() else "?" for character in path)
    return path if len(path) <= width else f"...{path[len(path) - width + 3 :]}"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _csv_line(cells: list[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow(cells)
    return buffer.getvalue()
