"""The published layouts of data sets: one module each, with `recognise(folder)` and `read(folder)`.

A layout with a table is more specific than class folders, which any tree of folders looks like. So a table that fits
decides, unless a folder is named for a diagnosis (then both may be meant, and prepare.layout must name one).
"""

from pathlib import Path
from types import ModuleType

import pandas as pd

from lesions.data.manifest import SYNTHETIC
from lesions.datasets import (
    class_folders,
    ham10000,
    isic2016,
    isic2017,
    isic2018,
    isic2019,
    isic2024,
    isic_archive,
    milk10k,
    pad_ufes_20,
    ph2,
    siim2020,
)
from lesions.datasets.folder import SPREADSHEETS_NOTE, Folder, is_table
from lesions.datasets.folder_names import splits_among
from lesions.datasets.hmnist import refuse_pixel_tables
from lesions.datasets.joined import JOINED, join_datasets
from lesions.datasets.raw import RawDataset, make_notes
from lesions.datasets.tables import describe_columns
from lesions.datasets.tree import ancestors, holds_dataset, unwrap
from lesions.runtime.console import UserError

READERS: dict[str, ModuleType] = {
    "class_folders": class_folders,
    "ham10000": ham10000,
    "isic2016": isic2016,
    "isic2017": isic2017,
    "isic2018": isic2018,
    "isic2019": isic2019,
    "siim2020": siim2020,
    "isic2024": isic2024,
    "milk10k": milk10k,
    "pad_ufes_20": pad_ufes_20,
    "ph2": ph2,
    "isic_archive": isic_archive,
}
TABLE_READERS = {name: reader for name, reader in READERS.items() if reader is not class_folders}
MOST_TABLES = 3  # in an error message
FEWEST_PARTS = 2  # data sets that can be joined
SYNTHETIC_MARK = "SYNTHETIC.md"  # a data set with this file is drawn by a program; every output is marked as such


def read_dataset(path: str | Path, layout: str) -> pd.DataFrame:
    """The table of read_layout() alone: one row per raw file with RAW_COLUMNS."""
    return read_layout(path, layout).table


def read_layout(path: str | Path, layout: str) -> RawDataset:
    """The data set as read by the layout named, or by the one that fits (`auto`); prints which, why, and the notes.

    Sub-folders of different layouts are read one by one and joined. Raises UserError where the folder is missing, fits
    no layout or several, its table cannot be read, or no file in it has a label.
    """
    folder = Folder(path)
    if not folder.path.is_dir():
        raise UserError(
            f"dataset: {folder.path} is not a folder; set `dataset` in params.yaml to the folder with the pictures"
        )
    parts = _parts(folder) if layout in ("auto", JOINED) else {}
    if layout == JOINED and len(parts) < FEWEST_PARTS:
        raise UserError(
            f"dataset: {folder.path} is to be read as joined (prepare.layout), but holds {len(parts)} data sets in "
            "folders of their own; put each into one"
        )
    several = len(set(parts.values())) > 1  # of one layout, or of none with tables, they may be parts of one set
    if layout == JOINED or several:
        return join_datasets(folder, {part: _read(folder.subfolder(part), "auto") for part in parts})
    return _read(folder, layout)


def _read(folder: Folder, layout: str) -> RawDataset:
    refuse_pixel_tables(folder)
    reason = "named in prepare.layout"
    if layout == "auto":
        layout, reason = _recognise(folder)
    print(f"{folder.path}: read as {layout} ({reason})")
    dataset: RawDataset = READERS[layout].read(folder)._replace(layout=layout)
    dataset.notes.extend(make_notes({SPREADSHEETS_NOTE: folder.spreadsheets}))
    for note in dataset.notes:
        print(f"  {note}")
    if not dataset.table["label"].any():
        raise UserError(
            f"dataset: no file with a class in {folder.path}; expected {folder.path}/<class>/<picture>.jpg, "
            "or pictures whose names stand in a table beside them"
        )
    if (folder.path / SYNTHETIC_MARK).exists():
        dataset.table["origin"] = SYNTHETIC
    return dataset


def _recognise(folder: Folder) -> tuple[str, str]:
    """The layout that fits and why. Raises UserError where none does or several do."""
    fits = {name: reason for name, reader in READERS.items() if (reason := reader.recognise(folder))}
    tables = [name for name in fits if name in TABLE_READERS]
    by_diagnosis = class_folders.names_diagnoses(folder)
    if tables and "class_folders" in fits and not by_diagnosis:
        del fits["class_folders"]
    if len(fits) > 1:
        descriptions = "; ".join(f"{name}: {reason}" for name, reason in fits.items())
        raise UserError(
            f"dataset: {folder.path} fits several layouts ({descriptions}); "
            "name one in params.yaml under prepare.layout"
        )
    problem = class_folders.problem(folder)
    if problem and not tables:
        raise UserError(f"dataset: {folder.path} holds {problem}{_unread_tables(folder)}")
    if not fits:
        raise UserError(
            f"dataset: {folder.path} fits no known layout ({', '.join(READERS)}): it holds no folder per class "
            f"({folder.path}/<class>/<picture>.jpg or {folder.path}/Train/<class>/<picture>.jpg) and no table with the "
            f"columns of a layout{_unread_tables(folder)}"
        )
    if not (tables or by_diagnosis) and (folder.headers or folder.spreadsheets):
        raise UserError(
            f"dataset: {folder.path} holds folders that name no known diagnosis ({fits['class_folders']}) and tables "
            "that fit no layout, so it is open which of them tells the classes. Set prepare.layout to class_folders if "
            f"the folders do{_unread_tables(folder)}"
        )
    return fits.popitem()


def _parts(folder: Folder) -> dict[str, str]:
    """The sub-folders that are data sets themselves, by their path, with their layout (several layouts: ` and `)."""
    with_tables = {above for name in folder.files if is_table(name) for above in ancestors(name)}
    layouts: dict[str, str] = {}
    for name, branch in unwrap(folder.tree).folders.items():
        subfolder = folder.subfolder(branch.path) if branch.path in with_tables else None
        own = [layout for layout, reader in TABLE_READERS.items() if subfolder and reader.recognise(subfolder)]
        if own:
            layouts[branch.path] = " and ".join(own)
        elif holds_dataset(branch) and not splits_among([name]):
            layouts[branch.path] = "class_folders"
    return layouts


def _unread_tables(folder: Folder) -> str:
    """The tables of no known layout for the end of a message, with how to mend the one that is nearest to a layout."""
    texts = [f"{folder.name_of(path)} ({describe_columns(header)})" for path, header in folder.headers.items()]
    text = f"; tables found: {'; '.join(texts[:MOST_TABLES]) or 'none'}"
    missing = {
        (layout, path): [column for column in columns if column not in header]
        for layout, reader in READERS.items()
        for columns in getattr(reader, "TABLES", ())[:1]
        for path, header in folder.headers.items()
        if not set(columns).isdisjoint(header)
    }
    if missing:
        layout, path = min(missing, key=lambda key: len(missing[key]))
        text += f"; to be read as {layout}, {folder.name_of(path)} lacks the columns {', '.join(missing[layout, path])}"
    elif folder.headers:
        text += f"; of them none has the columns of a layout, the fewest: {' and '.join(ham10000.COLUMNS)} (ham10000)"
    if folder.spreadsheets:
        text += f"; {', '.join(folder.spreadsheets[:MOST_TABLES])}: spreadsheets are not read, save them as CSV"
    return text
