"""metrics/prepare.json: the outcome of every raw file, the counts of the splits, and what the audit found."""

from typing import ClassVar, Literal

from lesions.data.results.files import Part, ResultFile


class SplitCounts(Part):
    """The pictures of a split, their fraction of all usable ones, 4 digits, and their groups."""

    n: int
    fraction: float
    n_groups: int


class ClassCounts(Part):
    """The raw files of a class, the usable ones, in all and by split, and the others by reason."""

    n_raw: int
    n_usable: int
    n_train: int
    n_val: int
    n_test: int
    excluded: dict[str, int]


class Leakage(Part):
    """Test pictures (of n_test in all) that share a picture, lesion, ... with training.

    split: the published one, or the one made here. at_least: some ids are missing, so there may be more.
    """

    split: Literal["official", "ours"]
    kind: Literal["picture", "lesion", "patient", "near-duplicate", "any"]
    n_test: int
    n_shared: int
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

    leakage: list[Leakage]
    cramers_v: Association
    blank: int
    colourless: int
    off_domain: int
    odd_colour: int
    odd_size: int
    frame_probe: FrameProbe | None  # null where there are too few training pictures


class PrepareMetrics(ResultFile):
    """The whole file. Counts are of pictures where nothing else is said; n_near_duplicates: linked pairs."""

    command: ClassVar[str] = "dvc repro --force --single-item prepare"

    layout: str
    n_raw: int
    n_usable: int
    excluded: dict[str, int]  # by reason
    n_groups: int
    n_near_duplicates: int
    splits: dict[str, SplitCounts]
    classes: dict[str, ClassCounts]
    official_tables: list[str]
    n_label_disagreements: int
    notes: dict[str, int]  # cases by kind
    audit: AuditCounts
