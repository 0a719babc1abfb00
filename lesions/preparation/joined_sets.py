"""Joined data sets: which pictures two of them share, and the classes that all of them allow.

Within one set an id alone does not make two files one picture, since names repeat; across sets an id of the ISIC
archive does, whatever was cropped away.
"""

from itertools import combinations

import pandas as pd

from lesions.data.diagnoses import common_classes, diagnosis, finer, names_diagnosis

# Correlation of registered pictures from which two sets show one picture, and not one lesion twice. Of 378 pairs of
# ISIC 2017 and the nine-class set with one id the lowest is .968; of 20 linked pairs with two ids 15 are below .96
SAME_CORRELATION = 0.96
MOST_COARSE = 0.5  # share of a set's pictures whose label names no diagnosis, from which the whole set is left out
PAIRS = ["a", "b"]
LESIONS = ["lesion", "official_lesion"]


def is_joined(pictures: pd.DataFrame) -> bool:
    """Whether the pictures are of several data sets, each in a sub-folder."""
    return bool((pictures["dataset"] != "").any())


def same_by_id(pictures: pd.DataFrame) -> pd.DataFrame:
    """Pairs of pictures of two sets with one ISIC id: columns a and b, positions of rows."""
    rows = pictures.assign(position=range(len(pictures)))
    rows = rows[(rows["isic_id"] != "") & (rows["dataset"] != "")]
    several = rows[rows.groupby("isic_id")["dataset"].transform("nunique") > 1]
    first = several.groupby("isic_id")["position"].transform("first")
    return pd.DataFrame({"a": first, "b": several["position"]}, dtype=int)[first != several["position"]]


def same_by_pixels(pictures: pd.DataFrame, near: pd.DataFrame) -> pd.DataFrame:
    """The pairs of near-duplicates that are one picture in two sets: columns a and b, positions of rows.

    near: columns a and b, row labels, and correlation; pairs with a picture that is not among these are passed over.
    """
    ends = {end: pictures.index.get_indexer(pd.Index(near[end])) for end in PAIRS}
    pairs = pd.DataFrame(ends)[(near["correlation"] >= SAME_CORRELATION).to_numpy()]
    pairs = pairs[(pairs >= 0).all(axis=1)]
    sets = pictures["dataset"].to_numpy()
    across: pd.DataFrame = pairs[sets[pairs["a"]] != sets[pairs["b"]]]
    return across


def in_common_classes(pictures: pd.DataFrame) -> pd.DataFrame:
    """The labels in the finest classes that all sets allow; left out as 'label too coarse' what would merge them.

    A label that names no diagnosis (benign, malignant, not melanoma) gives way to a finer official one. Where more than
    MOST_COARSE of a set's pictures have none, the set is left out, lest it give the other classes' pictures alone.
    """
    pictures = pictures.copy()
    usable = (pictures["reason"] == "") & (pictures["label"] != "")
    coarse = usable & ~pictures["label"].map(names_diagnosis).astype(bool)
    labels = zip(pictures["label"], pictures["official_label"], strict=True)
    known = pd.Series([official in finer(label) for label, official in labels], index=pictures.index)
    pictures["label"] = pictures["label"].where(~(coarse & known), pictures["official_label"])
    coarse &= ~pictures["label"].map(names_diagnosis).astype(bool)
    if not (usable & ~coarse).any():
        return pictures
    share = coarse[usable].groupby(pictures.loc[usable, "dataset"]).mean()
    of_coarse_set = usable & pictures["dataset"].isin(share.index[share > MOST_COARSE])
    names = pictures["label"].map(lambda label: diagnosis(label).name)
    in_set = ("; " + pictures["dataset"] + " mostly tells no diagnosis").where(of_coarse_set, "")
    left_out = coarse | of_coarse_set
    pictures.loc[left_out, "reason"] = "label too coarse"
    pictures.loc[left_out, "detail"] = (names + in_set)[left_out]
    kept = pictures[usable & (pictures["reason"] == "")]
    classes = common_classes(set(labels) for _, labels in kept.groupby("dataset")["label"])
    pictures.loc[kept.index, "label"] = kept["label"].map(classes)
    return pictures


def overlap(pictures: pd.DataFrame, near: pd.DataFrame) -> pd.DataFrame:
    """What each two of the joined sets share; one row per pair of sets, all readable pictures counted.

    Columns: one, other (sets), by_id (ISIC ids in both), by_pixels (pairs that only the pixels tell), and by_lesion
    (pictures of the second whose lesion the first has too, by a published id).
    """
    readable = pictures[(pictures["dataset"] != "") & (pictures["sha256"] != "")]
    pairs = same_by_pixels(readable, near)
    datasets, ids = readable["dataset"].to_numpy(), readable["isic_id"].to_numpy()
    alone = pairs[(ids[pairs["a"]] != ids[pairs["b"]]) | (ids[pairs["a"]] == "")]
    rows = []
    for one, other in combinations(sorted(set(datasets)), 2):
        first, second = readable[datasets == one], readable[datasets == other]
        between = [{datasets[a], datasets[b]} == {one, other} for a, b in alone[PAIRS].itertuples(index=False)]
        lesions = {lesion for column in LESIONS for lesion in first[column]} - {""}
        of_lesion = second[second[LESIONS].isin(lesions).any(axis=1)]
        rows.append(
            {
                "one": one,
                "other": other,
                "by_id": len((set(first["isic_id"]) & set(second["isic_id"])) - {""}),
                "by_pixels": sum(between),
                "by_lesion": int(of_lesion["isic_id"].where(of_lesion["isic_id"] != "", of_lesion["source"]).nunique()),
            }
        )
    return pd.DataFrame(rows, columns=["one", "other", "by_id", "by_pixels", "by_lesion"])
