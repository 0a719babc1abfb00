"""Disclaimers beside every score: missed melanomas, classes outside the model, never assessed groups, confounding."""

from typing import NamedTuple

from app import wording
from lesions.data.results.bundle import BundleMetadata

NOT_CLASSES = "Merkel cell carcinoma, lymphoma, metastases, inflammation, infection, scars, healthy skin"
SYNTHETIC_TEXT = (
    "This model has only seen pictures drawn by a program and knows nothing about skin: it answers its own example "
    "pictures, no others."
)
TRAINING = """\
dvc exp run -S dataset=/path/to/pictures    # a folder per class, or a published layout as it is
python -m app.serve                         # then serve what was trained"""


class SyntheticNotice(NamedTuple):
    """The banner of a model trained on synthetic pictures, with the commands that train one on real pictures."""

    headline: str
    text: str
    commands: str


class Disclaimers(NamedTuple):
    """Sentences on the served model; `synthetic` is None for one trained on photographs."""

    missed: str
    cannot_name: str
    never_assessed: str
    confound: str
    sets: str
    version: str
    synthetic: SyntheticNotice | None


def disclaimers_for(metadata: BundleMetadata) -> Disclaimers:
    """The sentences for a model, with its own numbers."""
    return Disclaimers(
        missed=wording.missed_melanomas_text(metadata),
        cannot_name=_cannot_name(metadata),
        never_assessed=wording.NEVER_ASSESSED.removeprefix("Never assessed: "),
        confound=_confound(metadata),
        sets=wording.coverage_text(metadata),
        version=metadata.version,
        synthetic=_synthetic(metadata),
    )


def _cannot_name(metadata: BundleMetadata) -> str:
    return (
        f"{NOT_CLASSES} or anything else: whatever a picture shows, it is given one of {len(metadata.classes)} names."
    )


def _confound(metadata: BundleMetadata) -> str:
    """One sentence on class and source, with the scores of the frame baseline and the model where both exist."""
    if metadata.data.synthetic:
        return (
            "All pictures were drawn by one program; in real collections, classes can be told by who took the picture."
        )
    if list(metadata.data.origins) in ([], ["unknown"]) or len(metadata.data.origins) > 1:
        cause = "Classes come from different collections, so a score may tell how a picture was taken"
    else:
        cause = (
            f"All pictures come from one collection ({next(iter(metadata.data.origins))}), whose ways may be in a score"
        )
    frame = metadata.baselines.get("frame", {}).get("balanced_accuracy")
    model = metadata.scores.get("balanced_accuracy")
    if frame is None or model is None:
        return f"{cause}."
    return (
        f"{cause}: the bare frame reaches a balanced accuracy of {frame.value:.2f}, "
        f"the whole picture {model.value:.2f}."
    )


def _synthetic(metadata: BundleMetadata) -> SyntheticNotice | None:
    if not metadata.data.synthetic:
        return None
    return SyntheticNotice("Trained on synthetic pictures.", SYNTHETIC_TEXT, TRAINING)
