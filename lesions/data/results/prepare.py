"""metrics/prepare.json: the outcome of every raw file, the counts of the splits, and what the audit found."""

from typing import ClassVar, Literal

from lesions.data.results.files import Part, ResultFile


class SplitCounts(Part):
    """The pictures of a split, their share of all used ones, rounded to 4 digits, and their groups."""

    pictures: int
    share: float
    groups: int


class ClassCounts(Part):
    """The raw files of a class, those used, in all and by split, and the others by reason."""

    files: int
    used: int
    train: int
    val: int
    test: int
    excluded: dict[str, int]


class Leakage(Part):
    """Test pictures (of `test` in all) that share a picture, lesion, ... with training.

    split: the published one, or the one made here. at_least: some ids are missing, so there may be more.
    """

    split: Literal["official", "ours"]
    kind: Literal["picture", "lesion", "patient", "near-duplicate", "any"]
    test: int
    shared: int
    at_least: bool


class Association(Part):
    """Cramer's V of the class with how a picture was taken, 0 to 1; null where there is but one class or way."""

    origin: float | None
    size: float | None
    dark_corners: float | None


class FrameProbe(Part):
    """Scores of a forest that sees the frame alone, cross-validated in training; null without pictures on a side."""

    macro_auroc: float | None
    melanoma_vs_nevus_auroc: float | None


class AuditCounts(Part):
    """The findings of the data audit as numbers; from `blank` on the number of pictures worth a look."""

    contamination: list[Leakage]
    association: Association
    blank: int
    colourless: int
    off_domain: int
    odd_colour: int
    odd_size: int
    frame_only_probe: FrameProbe | None  # null where there are too few training pictures


class PrepareMetrics(ResultFile):
    """The whole file. Counts are of pictures where nothing else is said; near_duplicates: linked pairs."""

    command: ClassVar[str] = "dvc repro --force --single-item prepare"

    layout: str
    files: int
    used: int
    excluded: dict[str, int]  # by reason
    groups: int
    near_duplicates: int
    splits: dict[str, SplitCounts]
    classes: dict[str, ClassCounts]
    official_tables: list[str]
    official_disagreements: int
    notes: dict[str, int]  # cases by kind
    audit: AuditCounts
