"""metrics/export.json: how the bundle's predictions differ from those of evaluate, and the errors of its OOD rule."""

from typing import ClassVar

from lesions.data.results.files import Part, ResultFile


class Parity(Part):
    """Over n held-out pictures: the largest difference of a probability, and the pictures with another label."""

    n: int
    max_abs_difference: float
    n_label_changes: int


class OutOfDistributionErrors(Part):
    """Photographs of something else that pass as in distribution, and test pictures that do not."""

    n_photographs: int
    n_false_accepts: int
    n_test: int
    n_false_rejects: int


class ExportMetrics(ResultFile):
    """The whole file. bytes: size of the bundle."""

    command: ClassVar[str] = "dvc repro --force --single-item export"

    parity: Parity
    out_of_distribution: OutOfDistributionErrors
    bytes: int
