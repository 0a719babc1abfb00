"""models/decision.json: what turns the network's logits into decisions, chosen on the validation pictures."""

from typing import ClassVar

from lesions.data.results.files import Part, ResultFile
from lesions.data.results.rules import ClassQuantile, ColorConstancy, Threshold


class ProbabilityFormulas(Part):
    """The probabilities p_<class> of reports/predictions.csv and the calibrated ones, and which the rules are about."""

    p: str = "softmax(logits / temperature)"
    calibrated: str = "softmax((logits + prior_correction) / temperature)"
    thresholds_and_conformal_use: str = "p"


class Decision(ResultFile):
    """The whole file. classes: in the order of the network's outputs; image_size: side in pixels."""

    command: ClassVar[str] = "dvc repro --force --single-item evaluate"

    classes: list[str]
    image_size: int
    color_constancy: ColorConstancy
    temperature: float
    prior_correction: dict[str, float]  # by class
    probabilities: ProbabilityFormulas = ProbabilityFormulas()
    thresholds: dict[str, Threshold]  # by endpoint
    conformal: dict[str, dict[str, ClassQuantile]]  # by coverage, then by class
