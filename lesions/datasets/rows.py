"""The table rows of each picture, in the same columns whatever the publisher calls them."""

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

import pandas as pd

from lesions.datasets.labels import UNKNOWN, problem_notes
from lesions.datasets.raw import Note, make_notes
from lesions.datasets.tables import MetadataTable

METADATA_COLUMNS = (  # of a raw table
    "patient", "lesion", "origin", "confirmation", "age", "sex", "site", "modality", "skin_type",
)  # fmt: skip
ROW_COLUMNS = ("id", "table", "label", "problem", "official_split", *METADATA_COLUMNS)
DECISIVE = ("official_split", "patient", "lesion")  # besides the label: a picture's rows must agree on them
CONTRADICTION = "contradicting rows"

# The terms of HAM10000 (Tschandl et al., 2018) and of the ISIC archive for the confirmation of a diagnosis
CONFIRMATIONS = {
    "histo": "histology",
    "histopathology": "histology",
    "follow_up": "follow-up",
    "serial imaging showing no change": "follow-up",
    "consensus": "consensus",
    "single image expert consensus": "consensus",
    "confocal": "confocal microscopy",
    "confocal microscopy with consensus dermoscopy": "confocal microscopy",
}
ORIGINS = {"HAM": "HAM10000", "BCN": "BCN20000", "MSK": "MSK"}  # by the first letters of a lesion's id (ISIC 2019)
SEXES = {"male": "male", "m": "male", "female": "female", "f": "female"}
OLDEST = 120  # years: a larger number is no age
IMAGE_TYPES = {"dermoscopic": "dermoscopy", "clinical": "clinical", "tbp tile": "total_body"}  # of the ISIC archive
FITZPATRICK = ("I", "II", "III", "IV", "V", "VI")


class Rows(NamedTuple):
    """One row per picture id with ROW_COLUMNS, all text, unknown is empty; and notes on what did not fit."""

    table: pd.DataFrame
    notes: list[Note]


def rows_of(table: MetadataTable, labels: pd.DataFrame | None = None, **metadata: pd.Series | str) -> Rows:
    """The rows of one table, in its order: labels (see labels.py; None where it has none), METADATA_COLUMNS by name.

    Age, sex, site and confirmation are put into this project's terms; the lesion's id gives a missing origin.
    """
    rows = pd.DataFrame({"id": table.cells["id"], "table": table.name}, dtype=str)
    rows["label"] = "" if labels is None else labels["label"]
    rows["problem"] = "" if labels is None else labels["problem"]
    rows["official_split"] = "" if labels is None else split_of(table.name)
    for column in METADATA_COLUMNS:
        rows[column] = metadata.get(column, "")
    raw_age = rows["age"]
    rows["age"] = _each(raw_age, clean_age)
    rows["sex"] = _each(rows["sex"], lambda sex: SEXES.get(sex.lower(), ""))
    rows["confirmation"] = _each(rows["confirmation"], lambda text: CONFIRMATIONS.get(text.lower(), text))
    for column in ("patient", "lesion", "confirmation", "site"):
        rows[column] = _each(rows[column], lambda text: "" if text.lower() in UNKNOWN else text)
    rows["origin"] = rows["origin"].where(
        rows["origin"] != "", _each(rows["lesion"], lambda text: ORIGINS.get(text[:3], ""))
    )
    invalid = (rows["age"] == "") & ~raw_age.str.lower().isin(UNKNOWN)
    notes = make_notes({"ages that are no number of years": rows.loc[invalid, "id"] + " " + raw_age[invalid]})
    return Rows(rows, [*table.notes, *problem_notes(rows), *notes])


def one_per_picture(parts: Iterable[Rows]) -> Rows:
    """The rows of several tables of one kind, one per picture.

    A row that repeats another is dropped. Where rows of one picture differ in label or a DECISIVE column, that is its
    problem: its class or its group is undecidable. Elsewhere the first row with a value counts.
    """
    parts = list(parts)
    empty = pd.DataFrame(columns=list(ROW_COLUMNS), dtype=str)
    rows = pd.concat([empty, *(part.table for part in parts)], ignore_index=True)
    repeated = rows.duplicated([column for column in ROW_COLUMNS if column != "table"])
    distinct = rows[~repeated]
    several = distinct["id"].duplicated(keep=False)
    merged = pd.DataFrame(
        [_merged(duplicates) for _, duplicates in distinct[several].groupby("id", sort=False)], columns=empty.columns
    )
    contradicting = merged["problem"].astype(str).str.startswith(CONTRADICTION)
    notes = make_notes(
        {
            "rows that repeat another": rows.loc[repeated, "id"],
            "ids whose rows contradict each other": merged.loc[contradicting, "id"],
            "ids with several rows that agree": merged.loc[~contradicting, "id"],
        }
    )
    table = (
        pd.concat([distinct[~several], merged], ignore_index=True) if len(merged) else distinct.reset_index(drop=True)
    )
    return Rows(table, [*(note for part in parts for note in part.notes), *notes])


def add_metadata(labelled: Rows, metadata: Rows, metadata_name: str) -> Rows:
    """Rows with labels, completed with the metadata (lesion, age, ...) of another table; one row per id of either."""
    left, right = (rows.table.set_index("id") for rows in (labelled, metadata))
    ids = left.index.append(right.index.difference(left.index, sort=False))
    table, right = left.reindex(ids, fill_value=""), right.reindex(ids, fill_value="")
    for column in ("table", "problem", *METADATA_COLUMNS):
        table[column] = table[column].where(table[column] != "", right[column])
    table.loc[right["problem"] != "", "label"] = ""
    bare = left.index[~left.index.isin(metadata.table["id"])]
    lone = ids[len(left) :] if len(left) else ids[:0]
    notes = make_notes({f"rows without {metadata_name}": bare, f"rows of {metadata_name} without a label": lone})
    return Rows(table.rename_axis("id").reset_index(), [*labelled.notes, *metadata.notes, *notes])


def clean_age(text: str) -> str:
    """Years as a whole number: '45.0' -> '45', '85+' -> '85'; empty where it is no number from 0 to OLDEST."""
    match = re.fullmatch(r"(\d{1,3})(\.\d*)?\+?", text)
    return str(int(match[1])) if match and int(match[1]) <= OLDEST else ""


def modality_of(image_type: str) -> str:
    """The modality that an image type of the ISIC archive stands for (`clinical: close-up`: clinical), or empty."""
    return IMAGE_TYPES.get(image_type.partition(":")[0].strip().lower(), "")


def fitzpatrick_type(text: str) -> str:
    """A Fitzpatrick skin type as `Fitzpatrick II`, from its Roman or Arabic number (`II`, `2`, `2.0`); else empty."""
    number = text.upper().removesuffix(".0")
    types = dict(zip("123456", FITZPATRICK, strict=True)) | {name: name for name in FITZPATRICK}
    return f"Fitzpatrick {types[number]}" if number in types else ""


def split_of(table: str) -> str:
    """The official split in a table's name: train, val or test."""
    name = table.lower()
    if "test" in name:
        return "test"
    return "val" if "validation" in name else "train" if "train" in name else ""


def _merged(duplicates: pd.DataFrame) -> dict[str, str]:
    """One row for several of a picture: the first value of each column, a problem where DECISIVE ones differ."""
    values = {column: [cell for cell in duplicates[column].unique() if cell] for column in ROW_COLUMNS}
    row = {column: cells[0] if cells else "" for column, cells in values.items()}
    decisive = {"label": values["label"] + values["problem"], **{column: values[column] for column in DECISIVE}}
    conflicting = next((cells for cells in decisive.values() if len(cells) > 1), None)
    if conflicting:
        row["label"] = ""
        row["problem"] = f"{CONTRADICTION} in {', '.join(values['table'])}: {' and '.join(conflicting)}"
    return row


def _each(cells: pd.Series, translate: Callable[[str], str]) -> pd.Series:
    return cells.map({cell: translate(cell) for cell in cells.unique()})
