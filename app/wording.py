"""The sentences that the command line and the page use for what a model says, in one place.

They tell what was measured, and never comfort: a low score does not mean that a lesion is harmless.
"""

from lesions.bundle.bundle import Prediction
from lesions.bundle.metadata import BundleMetadata

ABOVE = "cannot exclude melanoma"
BELOW = "not above the threshold; this does not exclude melanoma"
NO_THRESHOLD = "no threshold: too few melanomas in the validation pictures to choose one; melanoma is not excluded"
NO_MELANOMA = "melanoma is no class of this model; it says nothing on melanoma"
UNLIKE = "unlike the training pictures"
NOT_SURE = "not sure"
COULD_BE = "could be any of"
HEAT_MAP = "where the score came from"
ON_FRAME = "heat map sits on the frame"
NO_CLASS = "fits none of the classes"
NOT_A_DEVICE = "Research software, not a medical device."
SYNTHETIC = "This model was trained on synthetic pictures, drawn by a program: it knows nothing about skin."
TRAIN_ON_REAL = "To train on real pictures: dvc exp run -S dataset=FOLDER (a folder per class)."
NEVER_ASSESSED = "Never assessed: nails, mucosa, acral skin, children, darker skin."


def about_melanoma(said: Prediction) -> str:
    """What the melanoma score means beside its threshold."""
    if said.melanoma_score is None:
        return NO_MELANOMA
    if said.above_threshold is None:
        return NO_THRESHOLD
    return ABOVE if said.above_threshold else BELOW


def about_set(said: Prediction, about: BundleMetadata) -> str:
    """The classes that it could be, by their names for people."""
    names = [about.name(label) for label in said.conformal_set]
    if not names:
        return NO_CLASS
    return f"only {names[0]}" if len(names) == 1 else f"{COULD_BE} {', '.join(names[:-1])} or {names[-1]}"


def about_coverage(about: BundleMetadata) -> str:
    """What the sets of classes are, and how often they held the true class in the test."""
    found = about.sets_held_the_truth
    told = f"in the test the true one was among them for {found.value:.0%} of the pictures" if found else "not tested"
    ends = "" if found is None or found.low is None else f" (95 % interval {found.low:.0%} to {found.high:.0%})"
    return f"the classes that fit; {told}{ends}"


def about_missed(about: BundleMetadata) -> str:
    """How many melanomas of the test the threshold missed, with the interval of their share."""
    found = about.missed_melanomas
    if found is None:
        return "How many melanomas this model misses is not known: its test holds too few to tell."
    return (
        f"Of {found.of} melanomas in the test, {found.missed} missed: {found.missed / found.of:.0%} "
        f"(95 % interval {found.low:.0%} to {found.high:.0%})."
    )
