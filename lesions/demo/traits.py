"""The appearance of each class of synthetic lesions as numbers: typical traits, and the random traits of one lesion."""

import numpy as np

Traits = dict[str, float]

ATYPICAL = 0.25  # share of the lesions whose traits are moved toward a class they get mistaken for
MISSING = 0.15  # probability that a lesion lacks one of the structures of its class
SPREAD = 0.4  # standard deviation of a structure's logarithm within a class; half of it for shape and colour

# Shape and colour follow the ABCD rule (asymmetry, border, colour, dermoscopic structures; Stolz et al., 1994); the
# structures of each class are those of the third consensus on dermoscopy (Kittler et al., 2016,
# doi:10.1016/j.jaad.2015.12.038). Sizes are by eye: a structure at 1 is plain to see, at 0 absent.
SHAPE_AND_COLOUR: Traits = {
    "size": 42.0,  # mean radius in pixels of a picture 150 high
    "elongation": 1.2,  # long axis / short axis
    "asymmetry": 0.10,  # low harmonics of the outline, and how far the pigment sits to one side
    "irregularity": 0.05,  # high harmonics of the outline
    "softness": 4.0,  # width of the border in pixels
    "patchiness": 0.2,
    "melanin": 0.5,
    "blood": 0.12,
    "variegation": 0.25,  # variation of the pigment inside the lesion
}
STRUCTURES: Traits = dict.fromkeys(
    (
        "dark",  # brown-black blotches
        "veil",  # blue-white veil
        "regression",  # white, scar-like areas anywhere
        "network",  # reticular lines of pigment
        "globules",
        "streaks",
        "branches",  # arborizing vessels
        "dots",  # dotted and glomerular vessels
        "nests",  # blue-grey ovoid nests
        "scale",
        "keratin",  # central mass
        "scar",  # central white patch inside a brown rim
        "milia",  # white pseudo-cysts
        "comedones",  # dark openings
        "ridges",  # cerebriform or fingerprint pattern
        "lacunae",
        "follicles",  # pale dots in redness: the strawberry pattern
    ),
    0.0,
)
TYPICAL: dict[str, Traits] = {
    "actinic keratosis": {"size": 46, "softness": 9, "patchiness": 0.8, "melanin": 0.15, "blood": 0.45}
    | {"scale": 0.55, "follicles": 1.1, "dots": 0.05},
    "basal cell carcinoma": {"softness": 6, "patchiness": 0.5, "melanin": 0.15, "blood": 0.28}
    | {"branches": 0.9, "nests": 0.8, "scale": 0.1, "regression": 0.35},
    "dermatofibroma": {"size": 34, "softness": 8, "melanin": 0.45, "blood": 0.25} | {"scar": 0.85, "network": 0.25},
    "melanoma": {"size": 43, "elongation": 1.25, "asymmetry": 0.15, "irregularity": 0.065, "melanin": 0.8}
    | {"blood": 0.2, "variegation": 0.38, "patchiness": 0.3}
    | {"dark": 0.45, "veil": 0.3, "regression": 0.2, "network": 0.4, "globules": 0.35, "streaks": 0.4},
    "nevus": {"size": 40, "melanin": 0.75, "irregularity": 0.035, "patchiness": 0.12}
    | {"network": 0.5, "globules": 0.4, "dark": 0.2, "streaks": 0.05, "veil": 0.03},
    "pigmented benign keratosis": {"melanin": 0.5, "softness": 3, "patchiness": 0.4, "irregularity": 0.07}
    | {"ridges": 0.7, "milia": 0.2, "network": 0.1},
    "seborrheic keratosis": {"size": 46, "melanin": 0.75, "softness": 1.5, "irregularity": 0.07, "variegation": 0.35}
    | {"milia": 1.0, "comedones": 1.0, "ridges": 0.2, "keratin": 0.15},
    "squamous cell carcinoma": {"softness": 6, "patchiness": 0.5, "asymmetry": 0.14, "melanin": 0.15, "blood": 0.5}
    | {"keratin": 0.9, "dots": 0.9, "scale": 0.25},
    "vascular lesion": {"size": 28, "softness": 3, "patchiness": 0.1, "melanin": 0.1, "blood": 1.0}
    | {"lacunae": 0.9, "veil": 0.2},
}
CLASS_NAMES = tuple(TYPICAL)
MISTAKEN_FOR: dict[str, tuple[str, ...]] = {
    "actinic keratosis": ("squamous cell carcinoma",),
    "basal cell carcinoma": ("squamous cell carcinoma",),
    "dermatofibroma": ("nevus",),
    "melanoma": ("nevus",),
    "nevus": ("melanoma",),
    "pigmented benign keratosis": ("seborrheic keratosis",),
    "seborrheic keratosis": ("pigmented benign keratosis",),
    "squamous cell carcinoma": ("actinic keratosis", "basal cell carcinoma"),
    "vascular lesion": ("basal cell carcinoma",),
}


def draw_traits(class_name: str, rng: np.random.Generator) -> Traits:
    """The traits of one lesion: every name of SHAPE_AND_COLOUR (above 0) and of STRUCTURES (0 or more).

    Raises ValueError where the class is unknown.
    """
    if class_name not in TYPICAL:
        raise ValueError(f"Unknown class {class_name!r}: it must be one of {', '.join(CLASS_NAMES)}.")
    ordinary = SHAPE_AND_COLOUR | STRUCTURES
    traits = ordinary | TYPICAL[class_name]
    if rng.random() < ATYPICAL:
        lookalike = ordinary | TYPICAL[str(rng.choice(MISTAKEN_FOR[class_name]))]
        weight = rng.uniform(0.3, 0.6)
        traits = {name: (1 - weight) * value + weight * lookalike[name] for name, value in traits.items()}
    shape = {name: traits[name] * rng.lognormal(0, SPREAD / 2) for name in SHAPE_AND_COLOUR}
    structures = {name: traits[name] * rng.lognormal(0, SPREAD) * (rng.random() >= MISSING) for name in STRUCTURES}
    return shape | structures
