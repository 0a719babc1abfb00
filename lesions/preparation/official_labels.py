"""Official labels: the publishers' tables of ISIC pictures, to check a data set's labels and resolve its conflicts.

The tables are those of the published layouts (lesions/datasets), recognised by their columns. ISIC 2019 goes before
HAM10000, whose classes are coarser; then ISIC 2018, 2017 and 2020, MILK10k, the archive's own metadata, and ISIC 2024
and 2016, which mostly know benign and malignant alone. A coarser label never overwrites a finer one.
"""

from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pandas as pd

from lesions.data.diagnoses import coarser, compatible, finer
from lesions.datasets import (
    ham10000,
    isic2016,
    isic2017,
    isic2018,
    isic2019,
    isic2024,
    isic_archive,
    milk10k,
    siim2020,
)
from lesions.datasets.folder import SPREADSHEETS_NOTE, Folder
from lesions.datasets.raw import Note, isic_id, make_notes
from lesions.datasets.rows import METADATA_COLUMNS
from lesions.runtime.console import UserError

PRECEDENCE: tuple[ModuleType, ...] = (
    isic2019, ham10000, isic2018, isic2017, siim2020, milk10k, isic_archive, isic2024, isic2016,
)  # fmt: skip
COLUMNS = ("official_label", "official_table", *METADATA_COLUMNS)
HAM10000_SIZE = 10_015  # pictures of HAM10000: only a list of all of them proves that a picture is not among them
DISAGREEMENT_COLUMNS = ("source", "isic_id", "label", "official_label", "official_table")


class OfficialLabels(NamedTuple):
    """The official tables: COLUMNS by ISIC id (text, unknown is empty), the tables' names, and notes."""

    table: pd.DataFrame
    tables: list[str]
    notes: list[Note]


class LabelCheck(NamedTuple):
    """A raw table with official_label and official_table, the rows whose label disagrees, and notes."""

    table: pd.DataFrame
    disagreements: pd.DataFrame
    notes: list[Note]


def read_official_labels(path: str | Path, *datasets: Path) -> OfficialLabels:
    """Every table in the folder (or one below) of a recognised layout; a folder without any is fine.

    datasets: folders of data sets that are joined, whose tables serve all of them.

    Raises UserError where there is no such folder, or a table of a recognised layout cannot be read.
    """
    folder = Folder(path)
    if not folder.path.is_dir():
        raise UserError(f"labels: {folder.path} is not a folder; set `labels` in params.yaml to one (it may be empty)")
    table = pd.DataFrame(columns=list(COLUMNS), dtype=str)
    notes: list[Note] = []
    others = [Folder(dataset) for dataset in datasets]
    for layout in PRECEDENCE:
        for source in (folder, *others):
            rows = layout.read_rows(source)
            table, contradicting = _complete(table, _by_isic_id(rows.table))
            notes += [] if source in others else rows.notes  # those of a data set are its reader's
            notes += make_notes({"ids with official labels that exclude each other, the first stands": contradicting})
    recognised = _recognised(folder)
    names = {path: folder.name_of(path) for path in folder.headers}
    notes += make_notes({"tables of no known kind": [name for path, name in names.items() if path not in recognised]})
    notes += make_notes({SPREADSHEETS_NOTE: folder.spreadsheets})
    of_datasets = [f"{other.path.name}/{other.name_of(path)}" for other in others for path in _recognised(other)]
    return OfficialLabels(table, [*(name for path, name in names.items() if path in recognised), *of_datasets], notes)


def check_labels(raw: pd.DataFrame, official: OfficialLabels) -> LabelCheck:
    """Compare every picture of a raw table with the official tables, by its ISIC id.

    Adds official_label and official_table (empty where unknown), fills in metadata that the layout lacks, and adds
    official_lesion: where the layout has lesion names of its own, both names group pictures. Labels stay as they are.
    """
    rows = official.table.reindex(raw["isic_id"], fill_value="").reset_index(drop=True).set_axis(raw.index)
    table = raw.assign(**{column: rows[column] for column in ("official_label", "official_table")})
    table["official_lesion"] = rows["lesion"]
    for column in METADATA_COLUMNS:
        table[column] = table[column].where(table[column] != "", rows[column])
    if (official.table["origin"] == "HAM10000").sum() >= HAM10000_SIZE:
        table.loc[(table["origin"] == "") & (table["isic_id"] != ""), "origin"] = "other"
    disagreeing = ~_compatible(table["label"], table["official_label"])
    disagreements = table.loc[disagreeing, list(DISAGREEMENT_COLUMNS)]
    pairs = disagreements.groupby(["label", "official_label"])["source"]
    notes = make_notes({f"filed as {label}, officially {true}": list(sources) for (label, true), sources in pairs})
    unknown = table.loc[(table["official_label"] == "") & (table["label"] != ""), "source"]
    if official.tables:
        notes += make_notes({"pictures that no official table knows": unknown})
    return LabelCheck(table, disagreements.reset_index(drop=True), notes)


def notes_text(official: OfficialLabels, checked: LabelCheck) -> str:
    """The names of the official tables, then one line per note."""
    tables = f"official tables: {', '.join(official.tables)}" if official.tables else "official tables: none"
    return "\n".join([tables, *(f"  {note}" for note in [*official.notes, *checked.notes])])


def resolve_conflicts(pictures: pd.DataFrame) -> pd.DataFrame:
    """Let the official label decide for every usable picture (empty reason) whose own label excludes it.

    pictures: a checked raw table with sha256, reason and detail. Where a table lists only one of several files with the
    same pixels, its label holds for all. Where another file of the picture (by pixels or ISIC id) bears a label that
    agrees, this one is left out as 'label conflict'; else it is relabelled to the official class, or to the one coarser
    class that holds it; else, the data set having none, it is left out too.
    A picture in no table stays as it is.
    """
    pictures = pictures.copy()
    usable = pictures[(pictures["reason"] == "") & (pictures["label"] != "")]
    official = _shared(usable, "official_label")
    table = _shared(usable, "official_table")
    agrees = _compatible(usable["label"], official)
    settled = usable[agrees & (official != "")]
    has_agreeing_copy = usable["sha256"].isin(settled["sha256"]) | (
        (usable["isic_id"] != "") & usable["isic_id"].isin(settled["isic_id"])
    )
    classes = set(pictures["label"]) - {""}
    for row in usable.index[~agrees]:
        target = _class_for(official[row], classes)
        if target and not has_agreeing_copy[row]:
            pictures.loc[row, "label"] = target
            continue
        explanation = "" if target else ", which is no class of this data set"
        pictures.loc[row, "reason"] = "label conflict"
        pictures.loc[row, "detail"] = f"officially {official[row]} ({table[row]}){explanation}"
    return pictures


def _recognised(folder: Folder) -> list[Path]:
    """The tables of the folder that are of a known layout."""
    tables = {path for layout in PRECEDENCE for columns in layout.TABLES for path in folder.tables_with(columns)}
    return sorted(tables)


def _by_isic_id(rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows.rename(columns={"label": "official_label", "table": "official_table"})
    rows.loc[rows["official_label"] == "", "official_table"] = ""
    index = [isic_id(name) for name in rows["id"]]
    return rows.set_axis(index)[list(COLUMNS)].rename_axis("isic_id").loc[lambda table: table.index != ""]


def _complete(table: pd.DataFrame, new: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The table, completed by a new one of lower precedence; and the ids whose labels exclude each other."""
    ids = table.index.append(new.index.difference(table.index, sort=False))
    table, new = table.reindex(ids, fill_value=""), new.reindex(ids, fill_value="")
    for column in METADATA_COLUMNS:
        table[column] = table[column].where(table[column] != "", new[column])
    pairs = _pairs(table["official_label"], new["official_label"])
    replaced = pairs.map({(old, other): old == "" or other in finer(old) for old, other in pairs.unique()}).astype(bool)
    excluding = ids[~_compatible(table["official_label"], new["official_label"])].tolist()
    for column in ("official_label", "official_table"):
        table[column] = table[column].where(~replaced, new[column])
    return table, excluding


def _compatible(labels: pd.Series, others: pd.Series) -> pd.Series:
    """Row by row, whether both labels may be true of a picture; an empty label is compatible with all."""
    pairs = _pairs(labels, others)
    return pairs.map({pair: "" in pair or compatible(*pair) for pair in pairs.unique()}).astype(bool)


def _pairs(labels: pd.Series, others: pd.Series) -> pd.Series:
    return pd.Series(list(zip(labels, others, strict=True)), index=labels.index, dtype=object)


def _shared(pictures: pd.DataFrame, column: str) -> pd.Series:
    """The column, where it is empty filled from another file with the same pixels."""
    first = pictures[pictures[column] != ""].groupby("sha256")[column].first().to_dict()
    return pictures[column].where(pictures[column] != "", pictures["sha256"].map(lambda digest: first.get(digest, "")))


def _class_for(official: str, classes: set[str]) -> str:
    """The class of a data set that surely holds an official one; empty where there is none, or several."""
    if official in classes:
        return official
    holding = sorted(coarser(official) & classes)
    return holding[0] if len(holding) == 1 else ""
