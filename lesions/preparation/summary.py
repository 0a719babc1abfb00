"""What prepare counted: every raw file by its fate, every class by split, in numbers and in words."""

from typing import Any

import pandas as pd

from lesions.data.manifest import REASONS, SPLITS
from lesions.datasets.raw import count_notes
from lesions.preparation.prepare import Prepared


def summarise(prepared: Prepared) -> dict[str, Any]:
    """metrics/prepare.json: what became of every raw file, and what the tables said."""
    pictures, near, reading, official, checked = prepared
    used = pictures[pictures["reason"] == ""]
    return {
        "layout": reading.layout,
        "files": len(pictures),
        "used": len(used),
        "excluded": _reasons(pictures),
        "groups": int(used["group"].nunique()),
        "near_duplicates": len(near),
        "splits": {split: _split(used, split) for split in SPLITS},
        "classes": {label: _class(rows) for label, rows in pictures.groupby("label") if label},
        "official_tables": official.tables,
        "official_disagreements": len(checked.disagreements),
        "notes": count_notes([*reading.notes, *official.notes, *checked.notes]),
    }


def summary_text(summary: dict[str, Any]) -> str:
    """The summary in words: the files by their fate, a table of classes, and what became of lost classes."""
    lines = [f"{summary['files']} files: {summary['used']} used, {summary['files'] - summary['used']} left out"]
    lines += [f"  {n:6} {reason}" for reason, n in summary["excluded"].items()]
    table = pd.DataFrame.from_dict(summary["classes"], orient="index").drop(columns="excluded")
    table.loc["all"] = table.sum()
    lines += ["", table.to_string(), ""]
    for label, counts in summary["classes"].items():
        if not counts["used"]:
            why = ", ".join(f"{n} {reason}" for reason, n in counts["excluded"].items())
            lines.append(f"{label} is left out: none of its {counts['files']} files can be used ({why})")
    shares = ", ".join(f"{split} {of['pictures']} ({of['share']:.1%})" for split, of in summary["splits"].items())
    lines.append(f"{summary['near_duplicates']} pairs are nearly the same picture: each pair stays in one split")
    lines.append(f"data/prepared: {summary['used']} pictures in {summary['groups']} groups: {shares}")
    return "\n".join(lines)


def _reasons(pictures: pd.DataFrame) -> dict[str, int]:
    counts = pictures["reason"].value_counts()
    return {reason: int(counts[reason]) for reason in REASONS if reason in counts}


def _split(used: pd.DataFrame, split: str) -> dict[str, int | float]:
    rows = used[used["split"] == split]
    return {
        "pictures": len(rows),
        "share": round(len(rows) / len(used), 4),
        "groups": int(rows["group"].nunique()),
    }


def _class(rows: pd.DataFrame) -> dict[str, Any]:
    return {
        "files": len(rows),
        "used": int((rows["reason"] == "").sum()),
        **{split: int((rows["split"] == split).sum()) for split in SPLITS},
        "excluded": _reasons(rows),
    }
