"""What prepare counted: every raw file by its fate, every class by split, in numbers and in words."""

from typing import Any

import pandas as pd

from lesions.manifest import REASONS, SPLITS


def summarise(pictures: pd.DataFrame) -> dict[str, Any]:
    """Counts of a table with one row per raw file: source, label, reason (empty where used), group and split."""
    used = pictures[pictures["reason"] == ""]
    excluded = pictures["reason"].value_counts()
    return {
        "files": len(pictures),
        "used": len(used),
        "excluded": {reason: int(excluded[reason]) for reason in REASONS if reason in excluded},
        "groups": int(used["group"].nunique()),
        "splits": {
            split: {
                "pictures": int((used["split"] == split).sum()),
                "share": round(float((used["split"] == split).mean()), 4),
                "groups": int(used.loc[used["split"] == split, "group"].nunique()),
            }
            for split in SPLITS
        },
        "classes": {label: _class(rows) for label, rows in pictures.groupby("label")},
    }


def tell(summary: dict[str, Any]) -> str:
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
    lines.append(f"data/prepared: {summary['used']} pictures in {summary['groups']} groups: {shares}")
    return "\n".join(lines)


def _class(rows: pd.DataFrame) -> dict[str, Any]:
    excluded = rows["reason"].value_counts()
    return {
        "files": len(rows),
        "used": int((rows["reason"] == "").sum()),
        **{split: int((rows["split"] == split).sum()) for split in SPLITS},
        "excluded": {reason: int(excluded[reason]) for reason in REASONS if reason in excluded},
    }
