"""The sentences on a prediction, shared by the command line and the web page.

They state what was measured and never reassure: a low score does not mean that a lesion is harmless.
"""

from lesions.bundle.bundle import Prediction
from lesions.data.results.bundle import BundleMetadata

ABOVE_THRESHOLD = "cannot exclude melanoma"
BELOW_THRESHOLD = "not above the threshold; this does not exclude melanoma"
NO_THRESHOLD = "no threshold: too few melanomas in the validation pictures to choose one; melanoma is not excluded"
NO_MELANOMA_CLASS = "melanoma is no class of this model; it says nothing on melanoma"
OUT_OF_DISTRIBUTION = "unlike the training pictures"
NOT_SURE = "not sure"
COULD_BE = "could be any of"
HEAT_MAP = "where the score came from"
HEAT_ON_FRAME = "heat map sits on the frame"
EMPTY_CONFORMAL_SET = "fits none of the classes"
NOT_A_DEVICE = "Research software, not a medical device."
SYNTHETIC = "This model was trained on synthetic pictures, drawn by a program: it knows nothing about skin."
TRAIN_ON_REAL = "To train on real pictures: dvc exp run -S dataset=FOLDER (a folder per class)."
NEVER_ASSESSED = "Never assessed: nails, mucosa, acral skin, children, darker skin."


def melanoma_text(prediction: Prediction) -> str:
    """The melanoma score relative to its threshold."""
    if prediction.melanoma_score is None:
        return NO_MELANOMA_CLASS
    if prediction.above_threshold is None:
        return NO_THRESHOLD
    return ABOVE_THRESHOLD if prediction.above_threshold else BELOW_THRESHOLD


def conformal_set_text(prediction: Prediction, metadata: BundleMetadata) -> str:
    """The classes of the conformal set, by their display names."""
    names = [metadata.name(label) for label in prediction.conformal_set]
    if not names:
        return EMPTY_CONFORMAL_SET
    return f"only {names[0]}" if len(names) == 1 else f"{COULD_BE} {', '.join(names[:-1])} or {names[-1]}"


def coverage_text(metadata: BundleMetadata) -> str:
    """What a conformal set is, and how often the sets contained the true class in the test."""
    coverage = metadata.empirical_coverage
    if coverage is None:
        return "the classes that fit; not tested"
    share = f"in the test the true one was among them for {coverage.value:.0%} of the pictures"
    interval = "" if coverage.low is None else f" (95 % interval {coverage.low:.0%} to {coverage.high:.0%})"
    return f"the classes that fit; {share}{interval}"


def missed_melanomas_text(metadata: BundleMetadata) -> str:
    """The number of test melanomas below the threshold, with the interval of their share."""
    missed = metadata.missed_melanomas
    if missed is None:
        return "How many melanomas this model misses is not known: its test holds too few to tell."
    return (
        f"Of {missed.n} melanomas in the test, {missed.n_missed} missed: {missed.n_missed / missed.n:.0%} "
        f"(95 % interval {missed.low:.0%} to {missed.high:.0%})."
    )
