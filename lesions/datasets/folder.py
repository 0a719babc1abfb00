"""A data set's folder, listed once for all readers, with the headers of the tables in it."""

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path, PurePath
from typing import Any

from lesions.data.containers import is_container, pictures_in
from lesions.data.picture_files import files_below
from lesions.datasets.folder_names import is_leftover
from lesions.datasets.raw import cannot_open
from lesions.datasets.text import read_header
from lesions.datasets.tree import Branch, tree_of, unwrap

TABLE_SUFFIXES = frozenset({".csv", ".tab", ".tsv"})
SPREADSHEETS = frozenset({".xlsx", ".xls", ".xlsm", ".xlsb", ".ods", ".numbers"})
SPREADSHEETS_NOTE = "spreadsheets, which are not read: save them as CSV"
BARE_TABLES = frozenset({"HAM10000_metadata", "PH2_dataset.txt"})  # so named by Harvard Dataverse, and by PH2


class Folder:
    """What is in a data set's folder; every list is made on first use and cached."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.tables_read: dict[tuple[Path, str], Any] = {}  # what tables.py has read, by path and column of the id

    @cached_property
    def files(self) -> list[str]:
        """Every file below, relative to the folder with forward slashes, sorted; what is in hidden folders apart.

        Raises UserError where a folder cannot be opened.
        """
        return sorted(path.relative_to(self.path).as_posix() for path in files_below(self.path, cannot_open))

    @cached_property
    def contained(self) -> dict[str, list[str]]:
        """The pictures in each container of pictures, by its name, as `train-image.hdf5/ISIC_0015670`; sorted.

        Raises UserError where a container cannot be read.
        """
        names = [name for name in self.files if is_container(PurePath(name)) and (self.path / name).is_file()]
        containers = {name: pictures_in(self.path / name) for name in names}
        return {
            name: [f"{name}/{picture}" for picture in pictures] for name, pictures in containers.items() if pictures
        }

    @cached_property
    def tree(self) -> Branch:
        """The folders in it that hold pictures."""
        return tree_of(self.files)

    @cached_property
    def near_files(self) -> list[str]:
        """The files in the folder or one level down, lone wrapper folders apart: where a table may lie."""
        inside = unwrap(self.tree).path
        deepest = 1 + (inside.count("/") + 1 if inside else 0)
        return [name for name in self.files if name.count("/") <= deepest and not is_leftover(name)]

    @cached_property
    def headers(self) -> dict[Path, tuple[str, ...]]:
        """The column names of each table among near_files, by its path; an empty table has none."""
        tables = [self.path / name for name in self.near_files if is_table(name)]
        return {path: read_header(path) for path in tables if path.is_file()}  # and no named pipe

    @property
    def spreadsheets(self) -> list[str]:
        """The files among near_files that hold tables which cannot be read."""
        return [name for name in self.near_files if Path(name).suffix.lower() in SPREADSHEETS]

    def subfolder(self, path: str) -> "Folder":
        """A folder in it as a data set of its own, without listing the files again."""
        folder = Folder(self.path / path)
        folder.files = [name.removeprefix(f"{path}/") for name in self.files if name.startswith(f"{path}/")]
        return folder

    def tables_with(self, columns: Iterable[str]) -> list[Path]:
        """The tables that have all these columns, sorted by path."""
        required = set(columns)
        return [path for path, header in self.headers.items() if required <= set(header)]

    def name_of(self, path: Path) -> str:
        """A file's path relative to the folder, for messages."""
        return path.relative_to(self.path).as_posix()


def is_table(name: str) -> bool:
    """Whether a file's name is that of a table of text."""
    path = Path(name)
    return (path.suffix.lower() in TABLE_SUFFIXES or path.name in BARE_TABLES) and not path.name.startswith("._")
