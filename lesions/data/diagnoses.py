"""The diagnoses: slugs for files and columns, display names, malignancy, and which class contains which.

Malignancy follows the diagnosis levels of the ISIC archive (isic-archive.com, `diagnosis_1`): actinic keratosis
is 'indeterminate' there, being premalignant, and so is HAM10000's `akiec` here, which joins it with carcinoma in situ;
keratoacanthoma is malignant there, inflammation and infection are benign.
"""

from collections.abc import Iterable, Mapping, Set
from itertools import combinations
from typing import Literal, NamedTuple

import pandas as pd

from lesions.data.diagnosis_names import read_name, slug, without_decoration
from lesions.runtime.console import UserError

Malignancy = Literal["malignant", "indeterminate", "benign", "unknown"]


class Diagnosis(NamedTuple):
    """One class: its slug, its display name, a short name for charts, and its malignancy."""

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
        Diagnosis("inflammatory_or_infectious", "inflammatory or infectious condition", "INF", "benign"),
        Diagnosis("keratoacanthoma", "keratoacanthoma", "KA", "malignant"),
        Diagnosis("lentigo", "lentigo", "LEN", "benign"),
        Diagnosis("lichenoid_keratosis", "lichen planus-like keratosis", "LPLK", "benign"),
        Diagnosis("melanoma", "melanoma", "MEL", "malignant"),
        Diagnosis("nevus", "nevus", "NV", "benign"),
        # Of MILK10k
        Diagnosis("other_benign_proliferation", "other benign proliferation", "BEN_OTH", "benign"),
        Diagnosis("other_malignant_proliferation", "other malignant proliferation", "MAL_OTH", "malignant"),
        Diagnosis("pigmented_benign_keratosis", "pigmented benign keratosis", "PBK", "benign"),
        Diagnosis("seborrheic_keratosis", "seborrheic keratosis", "SK", "benign"),
        Diagnosis("solar_lentigo", "solar lentigo", "SL", "benign"),
        Diagnosis("squamous_cell_carcinoma", "squamous cell carcinoma", "SCC", "malignant"),
        Diagnosis("vascular_lesion", "vascular lesion", "VASC", "benign"),
        # Coarse classes: what they contain stands below
        Diagnosis("akiec", "actinic keratosis or intraepithelial carcinoma", "AKIEC", "indeterminate"),
        Diagnosis("benign_keratosis", "benign keratosis", "BKL", "benign"),
        Diagnosis("scc_or_keratoacanthoma", "squamous cell carcinoma or keratoacanthoma", "SCCKA", "malignant"),
        Diagnosis("benign", "benign", "benign", "benign"),
        Diagnosis("malignant", "malignant", "malignant", "malignant"),
        Diagnosis("not_melanoma", "not melanoma", "not MEL", "unknown"),  # SIIM-ISIC 2020, target 0
    )
}

_COARSE = frozenset({"akiec", "benign_keratosis", "scc_or_keratoacanthoma", "benign", "malignant", "not_melanoma"})
_FINEST = frozenset(DIAGNOSES) - _COARSE
_MALIGNANCY_ALONE = frozenset({"benign", "malignant", "not_melanoma"})  # classes that name no diagnosis
_PARTS: dict[str, frozenset[str]] = {
    # 192 of the 197 squamous cell carcinomas of the nine-class ISIC set are `akiec` in HAM10000, and all of its AK are
    "akiec": frozenset({"actinic_keratosis", "squamous_cell_carcinoma"}),
    "benign_keratosis": frozenset(
        {"pigmented_benign_keratosis", "seborrheic_keratosis", "lichenoid_keratosis", "lentigo", "solar_lentigo"}
    ),
    "scc_or_keratoacanthoma": frozenset({"squamous_cell_carcinoma", "keratoacanthoma"}),
    "benign": frozenset(label for label in _FINEST if DIAGNOSES[label].malignancy != "malignant"),
    "malignant": frozenset(label for label in _FINEST if DIAGNOSES[label].malignancy != "benign"),
    "not_melanoma": _FINEST - {"melanoma"},
}

# The latter holds collisions of a melanoma with another lesion
_PERHAPS_MELANOMA = ("malignant", "other_malignant_proliferation")
_NOT_OF_THE_SEVEN = (
    "benign", "malignant", "not_melanoma", "scc_or_keratoacanthoma", "keratoacanthoma", "other_benign_proliferation",
    "other_malignant_proliferation", "inflammatory_or_infectious",
)  # fmt: skip

# Ready-made maps of all known classes onto fewer (prepare.classes); None leaves a class out. Under malignant_or_benign
# actinic keratosis and akiec are left out, being neither (the primary endpoint), and so is what may be either.
CLASS_MAPS: dict[str, dict[str, str | None]] = {
    "melanoma_or_not": {
        label: "melanoma" if label == "melanoma" else None if label in _PERHAPS_MELANOMA else "not_melanoma"
        for label in DIAGNOSES
    },
    "malignant_or_benign": {
        label: entry.malignancy if entry.malignancy in ("malignant", "benign") else None
        for label, entry in DIAGNOSES.items()
    },
    "seven": {  # those of HAM10000; None where a class is none of them, or spans several
        label: next((coarse for coarse in ("akiec", "benign_keratosis") if label in _PARTS[coarse]), label)
        if label not in _NOT_OF_THE_SEVEN
        else None
        for label in DIAGNOSES
    },
}


def known_class(name: str, subtypes: bool = False) -> str | None:
    """The slug of the class that a name stands for (`nv`, `2. Melanocytic nevi (NV) 7970`), or one of SUBTYPES.

    Of several known names in it the one that contains the others counts. None for any other name.
    """
    reading = read_name(name)
    if not reading.whole or not (reading.classes or subtypes):
        return None
    classes = {*reading.classes, *reading.subtypes}
    specific = classes - _MALIGNANCY_ALONE
    if len(specific) == 1:
        label = specific.pop()
        return label if all(compatible(label, other) for other in classes) else None
    return next((label for label in sorted(classes) if classes - {label} <= finer(label)), None)


def class_of(name: str) -> str:
    """The slug of the class that a name or code stands for; of a class of the user's own, its name as a slug.

    Raises ValueError where no letter or digit is left.
    """
    return known_class(name) or slug(name)


def diagnosis(label: str) -> Diagnosis:
    """The entry of a class; a class of the user's own has its slug as name, and 'unknown' malignancy.

    A subtype (`melanoma_in_situ`) has the malignancy of its class.
    """
    if label in DIAGNOSES:
        return DIAGNOSES[label]
    name, known = label.replace("_", " "), known_class(label, subtypes=True)
    return Diagnosis(label, name, name, DIAGNOSES[known].malignancy if known else "unknown")


def names_within(label: str) -> list[str]:
    """The classes whose names stand in the name of a class of unknown malignancy, e.g. melanoma in `no_melanoma_yet`.

    Empty for every known class: only `unknown` malignancy makes numbers on malignant pictures incomplete.
    """
    if label in DIAGNOSES or diagnosis(label).malignancy != "unknown":
        return []
    reading = read_name(label)
    return list(dict.fromkeys((*reading.classes, *reading.subtypes)))


def unclear_name(label: str) -> str:
    """What to say of a class of unknown malignancy whose name holds that of a known class; nothing of any other."""
    names = [diagnosis(known).name for known in names_within(label)]
    if not names:
        return ""
    return (
        f"The class {diagnosis(label).name} holds the name of {' and '.join(names)}, but is no known class: its "
        "malignancy counts as unknown, and no score of melanoma or malignancy counts it as a case. If it is a known "
        f"class, say so under prepare.classes, e.g. {{{label}: {names_within(label)[0]}}}, or rename its folder."
    )


def finer(label: str) -> frozenset[str]:
    """The classes that a coarse class wholly contains; none for the finest ones and for those of the user's own."""
    return frozenset(other for other in DIAGNOSES if _parts(other) < _parts(label))


def coarser(label: str) -> frozenset[str]:
    """The classes that wholly contain this one."""
    return frozenset(other for other in DIAGNOSES if _parts(other) > _parts(label))


def compatible(one: str, other: str) -> bool:
    """Whether a picture may bear both labels: false only where both are known classes that share no diagnosis.

    Actinic keratosis is compatible with `malignant` and with `benign`: it is between them.
    """
    return one not in DIAGNOSES or other not in DIAGNOSES or bool(_parts(one) & _parts(other))


def names_diagnosis(label: str) -> bool:
    """Whether a class names a diagnosis, however coarse; else it says malignant, benign or not melanoma alone."""
    return label not in _MALIGNANCY_ALONE


def common_classes(sets: Iterable[Set[str]]) -> dict[str, str]:
    """The finest classes that several sets of classes allow: label -> class.

    Labels of two sets that share a diagnosis are one class (akiec of one, actinic keratosis of the other), and with
    them what either is joined to; those of one set exclude each other. A class bears the name of the label that
    contains all others in it; where none does, the names of its widest labels.
    """
    sets = list(sets)
    classes = {label: frozenset({label}) for label in set().union(*sets)}
    for one, other in combinations(sorted(classes), 2):
        apart = not any({one, other} <= labels for labels in sets)
        if apart and {one, other} <= DIAGNOSES.keys() and compatible(one, other):
            joined = classes[one] | classes[other]
            classes |= dict.fromkeys(joined, joined)
    return {label: _widest(members) for label, members in classes.items()}


def merge_classes(labels: pd.Series, how: str | Mapping[str, str | None]) -> pd.Series:
    """The labels under fewer classes; empty where the class is left out (or the label was empty).

    how: `keep`, a name in CLASS_MAPS, or an own map old -> new (None leaves the class out; classes that it does not
    name stay). Names and codes of NAMES will do as well as slugs. Raises UserError for a class that a ready-made map
    does not contain, and for an old class that is not among the labels.
    """
    present = sorted(set(labels) - {""})
    if isinstance(how, str):
        mapping = {} if how == "keep" else CLASS_MAPS[how]
        for label in present:
            if label not in mapping and (known := known_class(label, subtypes=True)) in mapping:
                mapping = mapping | {label: mapping[str(known)]}
        unknown = [label for label in present if how != "keep" and label not in mapping]
        if unknown:
            raise UserError(
                f"prepare.classes: {how} does not say what {unknown[0]} belongs to; give a map of the classes instead, "
                f"e.g. {{{unknown[0]}: benign}}"
            )
    else:
        mapping = {_present_class(old, present): None if new is None else class_of(new) for old, new in how.items()}
        absent = sorted(set(mapping) - set(present))
        if absent:
            raise UserError(f"prepare.classes: no class {absent[0]} in the data set; it has {', '.join(present)}")
    return labels.map({"": ""} | {label: mapping.get(label, label) or "" for label in present})


def _present_class(name: str, present: list[str]) -> str:
    """The class for a name in an own map: the name may be that of a folder, numbering and count included."""
    bare = without_decoration(name)
    return bare if bare in present else class_of(name)


def _widest(labels: Set[str]) -> str:
    widest = [label for label in sorted(labels) if not coarser(label) & labels]
    return "_or_".join(widest)


def _parts(label: str) -> frozenset[str]:
    return _PARTS.get(label, frozenset({label}))
