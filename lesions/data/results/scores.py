"""reports/scores.json: every score of the evaluation with its 95 % interval; and metrics/evaluate.json, the headline.

What is null cannot be estimated from these pictures; a score over all pictures is then left out.
"""

from typing import Any, ClassVar, Literal

from lesions.data.results.estimates import CountedEstimate, Estimate
from lesions.data.results.files import Part, ResultFile

ScoreName = Literal[
    "accuracy", "balanced_accuracy", "macro_f1", "macro_auroc", "macro_average_precision", "melanoma_auroc",
    "melanoma_vs_nevus_auroc",
]  # fmt: skip


class ClassScores(Part):
    """The scores of a class, each against the rest."""

    n: int
    n_groups: int
    precision: Estimate | None
    recall: CountedEstimate | None
    f1: Estimate | None
    auroc: Estimate | None
    average_precision: Estimate | None


class EndpointScores(Part):
    """How well the score of a binary endpoint ranks its n_positive cases above the n_negative others."""

    description: str
    n_positive: int
    n_negative: int
    auroc: Estimate | None
    average_precision: Estimate | None
    partial_auroc_above_80_sensitivity: Estimate | None  # at most 0.2, as in the ISIC 2024 challenge
    specificity_at_90_sensitivity: Estimate | None
    specificity_at_95_sensitivity: Estimate | None


class Confusion(Part):
    """Pictures of a class that are called another: their number, and the fraction of the class's pictures."""

    label: str
    predicted: str
    n: int
    fraction: float


class SplitScores(Part):
    """The scores on one split. most_confused: the most frequent errors first."""

    n: int
    smallest_class_n: int
    overall: dict[ScoreName, Estimate]
    per_class: dict[str, ClassScores]
    endpoints: dict[str, EndpointScores]
    most_confused: list[Confusion]


class OperatingPoint(Part):
    """What the threshold of models/decision.json achieves; ppv and npv by assumed prevalence ("0.01")."""

    threshold: float | None
    sensitivity: CountedEstimate | None
    specificity: CountedEstimate | None
    ppv: dict[str, Estimate | None]
    npv: dict[str, Estimate | None]


class ClassCoverage(Part):
    """How often the sets of a class's pictures hold the class; basis: the pictures that its quantile comes from."""

    n: int
    coverage: CountedEstimate | None
    basis: str


class ConformalScores(Part):
    """How often conformal sets hold the true class, and how large they are."""

    coverage: CountedEstimate | None
    mean_set_size: Estimate | None
    singleton_fraction: Estimate | None
    empty_fraction: Estimate | None
    per_class: dict[str, ClassCoverage]


class MissedMelanoma(Part):
    """A melanoma with another predicted class, and the probabilities of both."""

    image_id: str
    predicted: str
    p_predicted: float
    p_melanoma: float


class Repeatability(Part):
    """Agreement of the predictions for photographs of one group: n pictures of n_groups groups with several.

    agreement: fraction of the pairs of a group that agree, a mean over groups; expected_agreement: that of pictures of
    different groups of the same classes.
    """

    n: int
    n_groups: int
    agreement: Estimate | None
    expected_agreement: float | None


class SubgroupRecall(Part):
    """The recall of a class within an origin, among the pictures whose attribute (age, sex, ...) has that value."""

    label: str
    origin: str
    attribute: str
    value: str
    n: int
    n_groups: int
    recall: CountedEstimate | None


class Subgroups(Part):
    """skin_tone: whether it is known, in words."""

    skin_tone: str
    rows: list[SubgroupRecall]


class OriginScores(Part):
    """The pictures of one origin alone: the classes that have enough of them there, and the scores over these classes.

    No scores where the origin has too few pictures or classes.
    """

    n: int
    classes: list[str]
    overall: dict[ScoreName, Estimate]


class GroupScores(Part):
    """Scores with one case a group (lesion, or patient) and class; n_several: cases of more than one picture.

    No scores where these are few: they would be those of the pictures.
    """

    n_groups: int
    n_several: int
    overall: dict[ScoreName, Estimate]


class CalibrationLine(Part):
    """Logistic recalibration of an endpoint's score: 1 and 0 are perfect."""

    slope: Estimate | None
    intercept: Estimate | None


class CalibrationScores(Part):
    """Calibration of the probabilities. ece_if_perfect: the ECE of perfect ones in a sample of this size."""

    ece: Estimate
    ece_if_perfect: float
    brier_score: Estimate
    log_loss: Estimate
    melanoma: CalibrationLine | None
    malignant: CalibrationLine | None


class ArgmaxScores(Part):
    """Scores of calling each picture the class of its largest calibrated probability."""

    accuracy: float
    balanced_accuracy: float


class CalibrationComparison(Part):
    """Before and after calibration, over n pictures."""

    n: int
    before: CalibrationScores
    after: CalibrationScores
    calibrated_argmax: ArgmaxScores


class Baseline(Part):
    """A predictor without a network: its scores, and network minus baseline, paired."""

    description: str
    scores: dict[ScoreName, Estimate]
    difference: dict[ScoreName, Estimate]


class HeatOnFrame(Part):
    """Heat maps of n pictures: the mean fraction of heat on the frame, and the fraction of maps that sit on it."""

    n: int
    n_without_heat: int
    frame_fraction: Estimate | None
    on_frame: CountedEstimate | None


class RandomizationTest(Part):
    """Rank correlation of n heat maps with those of random weights (Adebayo et al., 2018), a mean for each draw."""

    n: int
    map_shape: list[int]
    rank_correlations: list[float | None]


class Explanations(Part):
    """Where Grad-CAM finds the reasons. uniform_fraction: the fraction of a uniform map on the frame."""

    frame: str
    uniform_fraction: float
    on_frame_from: str
    overall: HeatOnFrame
    per_class: dict[str, HeatOnFrame]
    randomization_test: RandomizationTest


class TestScores(SplitScores):
    """The scores on the test pictures."""

    __test__: ClassVar[bool] = False  # no class of tests

    operating_points: dict[str, OperatingPoint]  # by endpoint
    conformal: dict[str, ConformalScores]  # by coverage
    missed_melanomas: list[MissedMelanoma]
    repeatability: Repeatability
    subgroups: Subgroups
    within_origin: dict[str, OriginScores]
    per_group: GroupScores
    calibration: CalibrationComparison
    baselines: dict[str, Baseline]
    explanations: Explanations


class Scores(ResultFile):
    """The whole of reports/scores.json. notes: how the numbers are to be read."""

    command: ClassVar[str] = "dvc repro --force --single-item evaluate"

    classes: list[str]
    notes: dict[str, str]
    n_resamples: int
    test: TestScores
    val: SplitScores


class EvaluateMetrics(ResultFile):
    """The whole of metrics/evaluate.json: flat, for `dvc metrics`. What cannot be estimated is not in the file."""

    command: ClassVar[str] = "dvc repro --force --single-item evaluate"

    n: int
    smallest_class_n: int
    accuracy: float
    balanced_accuracy: float | None = None
    macro_f1: float | None = None
    macro_auroc: float | None = None
    melanoma_auroc: float | None = None
    melanoma_vs_nevus_auroc: float | None = None
    ece: float

    def as_json(self) -> dict[str, Any]:
        """The content, ready for JSON."""
        return self.model_dump(mode="json", exclude_none=True)
