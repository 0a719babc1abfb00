"""The data audit as a page: the status of every raw file, conflicts, copies and near-duplicates side by side."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from lesions.data.diagnoses import diagnosis
from lesions.data.manifest import is_synthetic
from lesions.data.results.prepare import PrepareMetrics
from lesions.preparation.leakage import across_published_split
from lesions.preparation.prepare import PreparedDataset
from lesions.preparation.summary import counts_by_class
from lesions.rendering.html import (
    EmbeddedPicture,
    PictureSet,
    Section,
    Table,
    embed_picture,
    first_sets,
    table_of,
    write_report,
)

MOST_OF_LABEL = 4  # files of one picture and label
MOST_SETS = 24  # of pictures in a section; the tables list the rest
OTHER_REASONS = (
    "unreadable", "not an image", "no contrast", "too small", "mask", "no label", "other modality", "label too coarse",
    "in another data set too", "shares a group with the test set",
)  # fmt: skip


def write_audit(
    path: Path, dataset: Path, prepared: PreparedDataset, summary: PrepareMetrics, findings: list[Section]
) -> None:
    """Write the page; `findings` (the audit's own sections) follow those on labels and copies.

    dataset: the folder with the raw pictures, for the small ones on the page; its name does not appear.
    """
    pictures = prepared.pictures
    sections = [
        _classes(summary),
        _label_conflicts(dataset, pictures),
        _disagreements(dataset, prepared),
        _copies(dataset, pictures),
        _near_duplicates(dataset, prepared),
        *findings,
        _left_out(dataset, pictures),
        _notes(prepared),
    ]
    write_report(
        path,
        "data_audit.html",
        title="Data audit",
        summary=(
            f"{summary.n_raw:,} raw files read as {summary.layout}; {summary.n_usable:,} pictures are used. "
            "Every file is in data/prepared/manifest.csv or, with its reason, in data/prepared/excluded.csv."
        ),
        synthetic=is_synthetic(prepared.used),
        counts=summary,
        sections=[section for section in sections if section.texts],
    )


def _classes(summary: PrepareMetrics) -> Section:
    counts = counts_by_class(summary)
    excluded = pd.DataFrame(list(counts.pop("excluded")), index=counts.index).fillna(0).astype(int)
    table = counts.join(excluded)
    table.index = pd.Index([diagnosis(str(label)).name for label in table.index])
    table.loc["all"] = table.sum()
    lost = [diagnosis(label).name for label, counts in summary.classes.items() if not counts.n_usable]
    texts = [f"{len(summary.classes) - len(lost)} of {len(summary.classes)} classes are used."]
    texts += [f"No picture of {name} can be used." for name in lost]
    return Section("Classes", texts, [table_of(table, "class")])


def _label_conflicts(dataset: Path, pictures: pd.DataFrame) -> Section:
    conflicts = pictures[pictures["reason"] == "label conflict"]
    if conflicts.empty:
        return Section("Pictures under two labels", ["No picture stands under two labels."])
    same = pictures[pictures["reason"].isin(["", "label conflict"]) & (pictures["sha256"] != "")]
    families = same[same["sha256"].isin(conflicts["sha256"])].groupby("sha256", sort=False)
    sets = (_family(dataset, family) for _, family in families)
    visible, hidden = first_sets(sets, MOST_SETS, families.ngroups)
    pairs = families["filed_as"].agg(lambda labels: " and ".join(sorted(set(labels))))
    counts = pairs.value_counts().rename("pictures").to_frame()
    counts.index = pd.Index([name.replace("_", " ") for name in counts.index])
    text = (
        f"{len(conflicts):,} files are left out because their picture also stands under another label, or their label "
        "contradicts the official one."
    )
    return Section("Pictures under two labels", [text], [table_of(counts, "filed under")], visible, hidden)


def _family(dataset: Path, family: pd.DataFrame) -> PictureSet:
    """The files of one picture, MOST_OF_LABEL at most of each label, the used one first, each with its status."""
    ordered = family.sort_values("reason", kind="stable").groupby("filed_as", sort=False).head(MOST_OF_LABEL)
    embedded = [_picture(dataset, row, "used" if not row["reason"] else "left out") for _, row in ordered.iterrows()]
    details = [detail for detail in ordered["detail"] if detail.startswith("officially")]
    return PictureSet(embedded, details[0] if details else "no official table knows this picture")


def _disagreements(dataset: Path, prepared: PreparedDataset) -> Section:
    if not prepared.official.tables:
        text = "No official table was given (labels in params.yaml), so no label was checked against one."
        return Section("Labels against official tables", [text])
    labels = prepared.label_check.table
    matched = int((labels["official_label"] != "").sum())
    disagreements = prepared.label_check.disagreements
    texts = [
        f"{matched:,} of {len(labels):,} files are known to {', '.join(prepared.official.tables)}; "
        f"{len(disagreements):,} labels disagree with the official one.",
    ]
    counts = Counter(zip(disagreements["label"], disagreements["official_label"], strict=True))
    rows = [[diagnosis(label).name, diagnosis(true).name, f"{n:,}"] for (label, true), n in counts.items()]
    tables = [Table(["filed as", "officially", "files"], rows)] if rows else []
    relabelled = prepared.pictures[
        (prepared.pictures["reason"] == "") & prepared.pictures["source"].isin(disagreements["source"])
    ]
    texts += [f"{len(relabelled):,} of them are used, under the official label."] if len(relabelled) else []
    sets = (
        PictureSet([_picture(dataset, row, "used")], f"filed as {row['filed_as']}") for _, row in relabelled.iterrows()
    )
    visible, hidden = first_sets(sets, MOST_SETS, len(relabelled))
    return Section("Labels against official tables", texts, tables, visible, hidden)


def _copies(dataset: Path, pictures: pd.DataFrame) -> Section:
    copies = pictures[pictures["reason"] == "exact duplicate"]
    if copies.empty:
        return Section("Copies", ["No picture stands twice under one label."])
    by_source = pictures.set_index("source")
    used = copies["detail"].str.split(" as ", n=1).str[1]
    across = across_published_split(copies, used.map(by_source["official_split"]))

    def sets() -> Iterator[PictureSet]:
        for _, row in copies.iterrows():
            other = row["detail"].split(" as ", 1)[1]
            original = by_source.loc[other].copy()
            original["source"] = other
            yield PictureSet([_picture(dataset, original, "used"), _picture(dataset, row, "left out")], row["detail"])

    visible, hidden = first_sets(sets(), MOST_SETS, len(copies))
    texts = [f"{len(copies):,} files show a picture that is used already, turned and mirrored copies included."]
    texts += (
        [f"At least {int(across.sum()):,} of them stand in Train while the same picture is in Test."]
        if across.any()
        else []
    )
    return Section("Copies", texts, [], visible, hidden)


def _near_duplicates(dataset: Path, prepared: PreparedDataset) -> Section:
    near = prepared.near.sort_values("correlation", ascending=False)
    if near.empty:
        return Section("Near-duplicates", ["No two pictures look like one lesion taken or published twice."])
    rows = prepared.pictures

    def sets() -> Iterator[PictureSet]:
        for pair in near.to_dict("records"):
            caption = f"correlation {pair['correlation']:.2f}, {pair['distance']} of 64 bits differ"
            ends = [rows.loc[pair[end]] for end in "ab"]
            yield PictureSet([_picture(dataset, row, row["split"] or "left out") for row in ends], caption)

    visible, hidden = first_sets(sets(), MOST_SETS, len(near))
    text = (
        f"{len(near):,} pairs look like one lesion taken or published twice. Each pair stays in one split; no picture "
        "is left out for it. Some pairs will be two lesions: docs/methods.md says how many of those on real pictures."
    )
    return Section("Near-duplicates", [text], [], visible, hidden)


def _left_out(dataset: Path, pictures: pd.DataFrame) -> Section:
    rows = pictures[pictures["reason"].isin(OTHER_REASONS)]
    if rows.empty:
        return Section("Other files that are left out", ["None."])
    sets = (PictureSet([_picture(dataset, row, row["reason"])], row["detail"]) for _, row in rows.iterrows())
    visible, hidden = first_sets(sets, MOST_SETS, len(rows))
    text = f"{len(rows):,} files, grey where nothing could be decoded."
    return Section("Other files that are left out", [text], [], visible, hidden)


def _notes(prepared: PreparedDataset) -> Section:
    notes = [*prepared.raw.notes, *prepared.official.notes, *prepared.label_check.notes]
    if not notes:
        return Section("Notes of the readers", [])
    rows = [[note.kind, f"{note.n:,}", ", ".join(note.names)] for note in notes]
    return Section(
        "Notes of the readers", ["What did not fit in tables and folders."], [Table(["what", "n", "e.g."], rows)]
    )


def _picture(dataset: Path, row: pd.Series, status: str) -> EmbeddedPicture:
    label = row["filed_as"]
    name = Path(row["source"]).stem
    return embed_picture(dataset, row["source"], f"{diagnosis(label).name if label else 'no label'}, {status}: {name}")
