"""The summary of prepare: every raw file by outcome, every class by split, as numbers and as text."""

from typing import Any

import pandas as pd

from lesions.data.manifest import REASONS, SPLITS
from lesions.datasets.raw import count_notes
from lesions.preparation.prepare import PreparedDataset


def summarise(prepared: PreparedDataset) -> dict[str, Any]:
    """metrics/prepare.json: the outcome of every raw file, and the counts of the tables."""
    pictures, near, raw, official, label_check = prepared
    used = pictures[pictures["reason"] == ""]
    return {
        "layout": raw.layout,
        "files": len(pictures),
        "used": len(used),
        "excluded": _reasons(pictures),
        "groups": int(used["group"].nunique()),
        "near_duplicates": len(near),
        "splits": {split: _split(used, split) for split in SPLITS},
        "classes": {label: _class(rows) for label, rows in pictures.groupby("label") if label},
        "official_tables": official.tables,
        "official_disagreements": len(label_check.disagreements),
        "notes": count_notes([*raw.notes, *official.notes, *label_check.notes]),
    }


def summary_text(summary: dict[str, Any]) -> str:
    """The summary as text: the files by outcome, a table of classes, and why classes are lost."""
    lines = [f"{summary['files']} files: {summary['used']} used, {summary['files'] - summary['used']} left out"]
    lines += [f"  {n:6} {reason}" for reason, n in summary["excluded"].items()]
    table = pd.DataFrame.from_dict(summary["classes"], orient="index").drop(columns="excluded")
    table.loc["all"] = table.sum()
    lines += ["", table.to_string(), ""]
    for label, counts in summary["classes"].items():
        if not counts["used"]:
            reasons = ", ".join(f"{n} {reason}" for reason, n in counts["excluded"].items())
            lines.append(f"{label} is left out: none of its {counts['files']} files can be used ({reasons})")
    shares = ", ".join(
        f"{split} {counts['pictures']} ({counts['share']:.1%})" for split, counts in summary["splits"].items()
    )
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
