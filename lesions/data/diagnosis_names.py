"""Names of diagnoses as people write them: one table of names with its sources, and how a name is read by it.

Numbering, counts, bracketed codes, accents, plurals and British spelling do not matter. What stands in a name beside
known names is kept: `melanoma in situ` and `not nevus` hold a known name, but are none.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

# Names of each class beside its slug and display name, as slugs in the singular and in American spelling. Sources:
# codes of HAM10000 (Tschandl et al., 2018), of the ground truth of ISIC 2018 and 2019, of PAD-UFES-20 (Pacheco et al.,
# 2020), of MILK10k (challenge.isic-archive.com/landing/milk10k); names in the ISIC archive
# (github.com/ImageMarkup/isic-metadata), of class folders on Kaggle; entry terms of MeSH (meshb.nlm.nih.gov); names in
# DermNet (dermnetnz.org); malignancy as in the NCI Dictionary of Cancer Terms; German, French, Spanish, Italian and
# Portuguese names as in these countries' editions of ICD-10.
NAMES = {
    "actinic_keratosis": (
        "ak", "ack", "solar_keratosis", "senile_keratosis", "solar_or_actinic_keratosis",
        "aktinische_keratose", "keratose_actinique", "queratosis_actinica", "cheratosi_attinica", "ceratose_actinica",
    ),
    "akiec": (
        "actinic_keratosis_and_intraepithelial_carcinoma", "actinic_keratosis_or_intraepithelial_carcinoma",
        "actinic_keratosis_intraepithelial_carcinoma", "actinic_keratosis_and_intraepithelial_carcinomae",
        "actinic_keratosis_bowen_disease",
    ),
    "basal_cell_carcinoma": (
        "bcc", "basal_cell_cancer", "basal_cell_skin_cancer", "basal_cell_epithelioma", "basalioma", "rodent_ulcer",
        "basalzellkarzinom", "basaliom", "carcinome_basocellulaire", "carcinoma_basocelular",
        "carcinoma_basocellulare",
    ),
    "benign_keratosis": ("bkl", "benign_keratosis_like_lesion"),
    "dermatofibroma": (
        "df", "fibrous_histiocytoma", "benign_fibrous_histiocytoma", "dermatofibrom", "dermatofibrome",
    ),
    "inflammatory_or_infectious": (
        "inf", "inflammatory_or_infectious_condition", "inflammatory_or_infectious_disease",
    ),
    "keratoacanthoma": (),
    "lentigo": ("lentigo_nos",),
    "lichenoid_keratosis": ("lplk", "lichen_planus_like_keratosis", "benign_lichenoid_keratosis"),
    "melanoma": (
        "mel", "malignant_melanoma", "melanoma_nos", "cutaneous_melanoma", "melanom", "malignes_melanom", "melanome",
        "melanome_malin", "melanoma_maligno",
    ),
    "nevus": (
        "nv", "nev", "melanocytic_nevus", "mole", "pigmented_nevus", "melanozytarer_nevus", "nevo",
        "nevus_melanocytaire", "nevo_melanocitico",
    ),
    "other_benign_proliferation": ("ben_oth",),
    "other_malignant_proliferation": ("mal_oth",),
    "pigmented_benign_keratosis": ("pbk",),
    "seborrheic_keratosis": (
        "sk", "sek", "seborrheic_wart", "basal_cell_papilloma", "seborrhoische_keratose", "keratose_seborrheique",
        "queratosis_seborreica", "cheratosi_seborroica", "ceratose_seborreica",
    ),
    "scc_or_keratoacanthoma": (
        "sccka", "squamous_cell_carcinoma_or_keratoacanthoma", "squamous_cell_carcinoma_keratoacanthoma",
    ),
    "solar_lentigo": ("senile_lentigo", "age_spot", "liver_spot"),
    "squamous_cell_carcinoma": (
        "scc", "squamous_cell_carcinoma_nos", "squamous_cell_cancer", "squamous_cell_skin_cancer", "squamous_carcinoma",
        "epidermoid_carcinoma", "plattenepithelkarzinom", "carcinome_epidermoide", "carcinoma_epidermoide",
        "carcinoma_espinocelular", "carcinoma_spinocellulare",
    ),
    "vascular_lesion": ("vasc", "vascular", "vascular_skin_lesion"),
    "benign": (
        "noncancerous", "non_cancerous", "non_cancer", "non_malignant", "nonmalignant", "not_malignant",
        "gutartig", "benin", "benigno", "benigna",
    ),
    "malignant": ("cancer", "skin_cancer", "cancerous", "bosartig", "malin", "maligno", "maligna"),
    "not_melanoma": ("non_melanoma", "nonmelanoma", "no_melanoma", "non_mel", "no_mel", "not_mel"),
}  # fmt: skip
# Diagnoses of the ISIC archive (`diagnosis`, `diagnosis_2` to `diagnosis_4`) that are part of a class. HAM10000's vasc
# are angiomas, angiokeratomas, pyogenic granulomas and haemorrhage. Class folders of these names stay classes apart.
SUBTYPES = {
    "lentigo": ("lentigo_simplex",),
    "melanoma": (
        "melanoma_invasive", "melanoma_in_situ", "melanoma_metastasis", "malignant_melanocytic_proliferations_melanoma",
        "lentigo_maligna",
    ),
    "squamous_cell_carcinoma": (
        "squamous_cell_carcinoma_invasive", "squamous_cell_carcinoma_in_situ", "intraepithelial_carcinoma",
        "bowen_disease", "bowen_s_disease",
    ),
    "vascular_lesion": (
        "angioma", "hemangioma", "angiokeratoma", "pyogenic_granuloma", "hemorrhage",
        "benign_soft_tissue_proliferations_vascular",
    ),
}  # fmt: skip

# One word for another: irregular plurals, and British spelling
_WORDS = {
    "naevus": "nevus", "naevi": "nevus", "nevi": "nevus", "nevuses": "nevus", "naevuses": "nevus", "nevos": "nevo",
    "keratoses": "keratosis", "lentigines": "lentigo", "carcinomata": "carcinoma", "melanomata": "melanoma",
    "seborrhoeic": "seborrheic", "seborrhoic": "seborrheic", "haemangioma": "hemangioma", "tumour": "tumor",
    "haemorrhage": "hemorrhage",
}  # fmt: skip
# Letters that have no decomposition in Unicode
_LETTERS = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "ß": "ss", "ł": "l", "đ": "d", "\u0131": "i"})
# Words that say nothing of the diagnosis
_COUNTED = frozenset({"image", "img", "picture", "pic", "photo", "sample", "case"})
_FILLERS = _COUNTED | {"class", "folder", "lesion", "nos"}
_JOINING = frozenset({"and", "or"})
_CODE = re.compile(r"[(\[{]\s*(?:[A-Z0-9]{1,6}|n\s*=?\s*\d[\d.,]*k?|\d[\d.,\s]*k?)\s*[)\]}]")
_NUMBER = re.compile(r"\d+k?")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])")
_SHORTEST_JOINED = 8  # letters of a name that is also known without its blanks


class Reading(NamedTuple):
    """What known names a name holds, in order, and whether it consists of them alone, numbers and fillers apart."""

    classes: tuple[str, ...]
    subtypes: tuple[str, ...]  # the classes of names in SUBTYPES
    whole: bool


def slug(name: str) -> str:
    """The name as used in paths and columns: lower case, words joined by underscores, accents dropped.

    Raises ValueError where no letter or digit is left.
    """
    result = re.sub(r"[^a-z0-9]+", "_", ascii_text(name)).strip("_")
    if not result:
        raise ValueError(f"{name!r} holds no letter or digit")
    return result


def ascii_text(name: str) -> str:
    """The name in lower case, without accents, in either form of Unicode; letters of other scripts are left out."""
    # Decomposed first: the forms of a letter (superscript, accented) have no capitals of their own, or others
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold().translate(_LETTERS))
    plain = (character for character in folded if not unicodedata.combining(character))
    return "".join(character if character.isascii() else " " for character in plain)


def read_name(name: str) -> Reading:
    """The known names in a name; of its spellings (as it is, without bracketed codes, without capitals) the first that
    consists of them alone.
    """
    readings = [_read(words) for words in dict.fromkeys(_spellings(name))]
    return next((reading for reading in readings if reading.whole), readings[0] if readings else Reading((), (), False))


def without_decoration(name: str) -> str:
    """The slug without numbering before, a count behind and bracketed codes; the whole slug where nothing else is left.

    `1. Eczema 1677` -> `eczema`.
    """
    words = slug(name).split("_")
    bare = _without_numbers(next(iter(_tokens(_CODE.sub(" ", name))), []))
    return "_".join(bare or words)


def _spellings(name: str) -> Iterator[tuple[str, ...]]:
    for text in (name, _CODE.sub(" ", name), _CAMEL.sub(" ", name)):
        for words in _tokens(text):
            yield tuple(_singular(word) for word in _without_numbers(words))


def _tokens(text: str) -> Iterator[list[str]]:
    """The words of a text, once; none where it holds no letter or digit."""
    try:
        yield slug(text).split("_")
    except ValueError:
        return


def _without_numbers(words: list[str]) -> list[str]:
    """The words without numbers and counts at either end (`2_melanoma_15_75k`, `nevus_300_images`)."""
    start, end = 0, len(words)
    while start < end and _NUMBER.fullmatch(words[start]):
        start += 1
    if end - start > 1 and _singular(words[end - 1]) in _COUNTED and _NUMBER.fullmatch(words[end - 2]):
        end -= 1
    while end > start and _NUMBER.fullmatch(words[end - 1]):
        end -= 1
    return words[start:end]


def _singular(word: str) -> str:
    if word in _WORDS:
        return _WORDS[word]
    if len(word) > 4 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return _WORDS.get(word[:-1], word[:-1])
    return word


def _key(name: str) -> tuple[str, ...]:
    return tuple(_singular(word) for word in name.split("_"))


_CLASSES = {_key(name): label for label, names in NAMES.items() for name in (label, *names)}
_PARTS = {_key(name): label for label, names in SUBTYPES.items() for name in names}
_LONGEST = max(map(len, (*_CLASSES, *_PARTS)))
_JOINED = {"".join(key): key for key in (*_CLASSES, *_PARTS) if len("".join(key)) >= _SHORTEST_JOINED}


def _read(words: tuple[str, ...]) -> Reading:
    """The known names among the words, the longest first at each place."""
    classes: list[str] = []
    subtypes: list[str] = []
    whole, place = True, 0
    while place < len(words):
        for end in range(min(place + _LONGEST, len(words)), place, -1):
            key = words[place:end]
            key = _JOINED.get(key[0], key) if len(key) == 1 else key
            if key in _CLASSES or key in _PARTS:
                (classes if key in _CLASSES else subtypes).append(_CLASSES.get(key) or _PARTS[key])
                place = end
                break
        else:
            whole &= words[place] in _FILLERS | _JOINING
            place += 1
    return Reading(tuple(classes), tuple(subtypes), whole and bool(classes or subtypes))
