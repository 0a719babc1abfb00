"""What stands beside every score: what the model missed, cannot name, was never held against, and may have learned."""

from typing import NamedTuple

from app import wording
from lesions.bundle.metadata import BundleMetadata

NOT_CLASSES = "Merkel cell carcinoma, lymphoma, metastases, inflammation, infection, scars, healthy skin"
SYNTHETIC_TEXT = (
    "This model has only seen pictures drawn by a program and knows nothing about skin: it answers its own example "
    "pictures, no others."
)
TRAINING = """\
dvc exp run -S dataset=/path/to/pictures    # a folder per class, or a published layout as it is
python -m app.serve                         # then serve what was trained"""


class SyntheticNotice(NamedTuple):
    """The banner of a model that has seen no skin: what it is, and the commands that make a real one."""

    headline: str
    text: str
    commands: str


class Disclaimers(NamedTuple):
    """Sentences on the served model; `synthetic` is None for one that was trained on photographs."""

    missed: str
    cannot_name: str
    never_assessed: str
    confound: str
    sets: str
    version: str
    synthetic: SyntheticNotice | None


def disclaimers_for(about: BundleMetadata) -> Disclaimers:
    """The sentences for a model, with its own numbers."""
    return Disclaimers(
        missed=wording.about_missed(about),
        cannot_name=_cannot_name(about),
        never_assessed=wording.NEVER_ASSESSED.removeprefix("Never assessed: "),
        confound=_confound(about),
        sets=wording.about_coverage(about),
        version=about.version,
        synthetic=_synthetic(about),
    )


def _cannot_name(about: BundleMetadata) -> str:
    return f"{NOT_CLASSES} or anything else: whatever a picture shows, it is given one of {len(about.classes)} names."


def _confound(about: BundleMetadata) -> str:
    """One sentence on class and source: with what the frame of the pictures alone reaches, where that was measured."""
    if about.data.synthetic:
        return (
            "All pictures were drawn by one program; in real collections, classes can be told by who took the picture."
        )
    if list(about.data.origins) in ([], ["unknown"]) or len(about.data.origins) > 1:
        cause = "Classes come from different collections, so a score may tell how a picture was taken"
    else:
        cause = (
            f"All pictures come from one collection ({next(iter(about.data.origins))}), whose ways may be in a score"
        )
    frame, own = about.baselines.get("frame", {}).get("balanced_accuracy"), about.scores.get("balanced_accuracy")
    if frame is None or own is None:
        return f"{cause}."
    return (
        f"{cause}: the bare frame reaches a balanced accuracy of {frame.value:.2f}, the whole picture {own.value:.2f}."
    )


def _synthetic(about: BundleMetadata) -> SyntheticNotice | None:
    if not about.data.synthetic:
        return None
    return SyntheticNotice("Trained on synthetic pictures.", SYNTHETIC_TEXT, TRAINING)
