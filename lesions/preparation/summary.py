"""The summary of prepare: every raw file by outcome, every class by split, as numbers and as text."""

import pandas as pd

from lesions.data.diagnoses import unclear_name
from lesions.data.manifest import REASONS, SPLITS
from lesions.data.results.prepare import AuditCounts, ClassCounts, PrepareMetrics, SplitCounts
from lesions.datasets.raw import count_notes
from lesions.preparation.prepare import PreparedDataset


def summarise(prepared: PreparedDataset, audit: AuditCounts) -> PrepareMetrics:
    """The outcome of every raw file, the counts of the tables, and the findings of the audit."""
    pictures, near, raw, official, label_check = prepared
    used = pictures[pictures["reason"] == ""]
    return PrepareMetrics(
        layout=raw.layout,
        n_raw=len(pictures),
        n_usable=len(used),
        excluded=_reasons(pictures),
        n_groups=int(used["group"].nunique()),
        n_near_duplicates=len(near),
        splits={split: _split(used, split) for split in SPLITS},
        classes={str(label): _class(rows) for label, rows in pictures.groupby("label") if label},
        official_tables=official.tables,
        n_label_disagreements=len(label_check.disagreements),
        notes=count_notes([*raw.notes, *official.notes, *label_check.notes]),
        audit=audit,
    )


def summary_text(summary: PrepareMetrics) -> str:
    """The summary as text: the files by outcome, a table of classes, and why classes are lost."""
    lines = [f"{summary.n_raw} files: {summary.n_usable} used, {summary.n_raw - summary.n_usable} left out"]
    lines += [f"  {n:6} {reason}" for reason, n in summary.excluded.items()]
    table = counts_by_class(summary).drop(columns="excluded")
    table.loc["all"] = table.sum()
    lines += ["", table.to_string(), ""]
    for label, counts in summary.classes.items():
        if not counts.n_usable:
            reasons = ", ".join(f"{n} {reason}" for reason, n in counts.excluded.items())
            lines.append(f"{label} is left out: none of its {counts.n_raw} files can be used ({reasons})")
    lines += [f"NOTE: {text}" for text in map(unclear_name, summary.classes) if text]
    shares = ", ".join(f"{name} {split.n} ({split.fraction:.1%})" for name, split in summary.splits.items())
    lines.append(f"{summary.n_near_duplicates} pairs are nearly the same picture: each pair stays in one split")
    lines.append(f"data/prepared: {summary.n_usable} pictures in {summary.n_groups} groups: {shares}")
    return "\n".join(lines)


def counts_by_class(summary: PrepareMetrics) -> pd.DataFrame:
    """One row per class: files, used, train, val, test, and excluded, a dictionary by reason."""
    rows = {label: dict(counts).values() for label, counts in summary.classes.items()}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["files", "used", *SPLITS, "excluded"])


def _reasons(pictures: pd.DataFrame) -> dict[str, int]:
    counts = pictures["reason"].value_counts()
    return {reason: int(counts[reason]) for reason in REASONS if reason in counts}


def _split(used: pd.DataFrame, split: str) -> SplitCounts:
    rows = used[used["split"] == split]
    return SplitCounts(n=len(rows), fraction=round(len(rows) / len(used), 4), n_groups=int(rows["group"].nunique()))


def _class(rows: pd.DataFrame) -> ClassCounts:
    train, val, test = (int((rows["split"] == split).sum()) for split in SPLITS)
    return ClassCounts(
        n_raw=len(rows),
        n_usable=int((rows["reason"] == "").sum()),
        n_train=train,
        n_val=val,
        n_test=test,
        excluded=_reasons(rows),
    )
