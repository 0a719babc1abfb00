"""The diagnoses: slugs for files and columns, display names for people, malignancy for the endpoints.

Malignancy follows the diagnosis levels of the ISIC archive (isic-archive.com, `diagnosis_1`): actinic keratosis stands as
'indeterminate' there, being premalignant.
"""

import re
from typing import Literal, NamedTuple

Malignancy = Literal["malignant", "indeterminate", "benign", "unknown"]


class Diagnosis(NamedTuple):
    """One class: its slug, the name that people read, a short name for charts, and its malignancy."""

    slug: str
    name: str
    short: str
    malignancy: Malignancy


DIAGNOSES = {
    diagnosis.slug: diagnosis
    for diagnosis in (
        Diagnosis("actinic_keratosis", "actinic keratosis", "AK", "indeterminate"),
        Diagnosis("basal_cell_carcinoma", "basal cell carcinoma", "BCC", "malignant"),
        Diagnosis("dermatofibroma", "dermatofibroma", "DF", "benign"),
        Diagnosis("melanoma", "melanoma", "MEL", "malignant"),
        Diagnosis("nevus", "nevus", "NV", "benign"),
        Diagnosis("pigmented_benign_keratosis", "pigmented benign keratosis", "PBK", "benign"),
        Diagnosis("seborrheic_keratosis", "seborrheic keratosis", "SK", "benign"),
        Diagnosis("squamous_cell_carcinoma", "squamous cell carcinoma", "SCC", "malignant"),
        Diagnosis("vascular_lesion", "vascular lesion", "VASC", "benign"),
    )
}


def slug(name: str) -> str:
    """The name as used in paths and columns: lower case, words joined by underscores.

    Raises ValueError where no letter or digit is left.
    """
    result = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    if not result:
        raise ValueError(f"{name!r} holds no letter or digit")
    return result


def diagnosis(label: str) -> Diagnosis:
    """What is known of a class; for a class of the user's own, its slug as name and 'unknown' malignancy."""
    name = label.replace("_", " ")
    return DIAGNOSES.get(label, Diagnosis(label, name, name, "unknown"))
