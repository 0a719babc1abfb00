"""The data audit: association of the classes with acquisition, and outliers that may show no lesion.

It counts and lists; no picture is excluded here.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image
from scipy.stats.contingency import association
from sklearn.neighbors import NearestNeighbors

from lesions.data.pixels import Pixels
from lesions.metrics.probe import thumbnail_features
from lesions.preparation.leakage import leakage_counts
from lesions.runtime.parallel import map_on_all_cores

LIST_COLUMNS = ("source", "label", "score")

CORNER = 12  # the corners are squares of this part of the side
DARK = 0.4  # luminance of a dark corner against the middle, at most
BLANK = 3.0  # grey levels; pale lesions on pale skin have a standard deviation of 6 and more
COLOURLESS = 0.98  # share of grey pixels; real pictures have .91 at most
GREY = 12  # largest difference of the three channels of a grey pixel, of 255
NEIGHBOURS = 5  # so that up to four off-domain pictures that resemble each other are still far from the rest
OFF_DOMAIN = 3.0  # times the usual distance to the neighbours
ODD_COLOUR = 4.0  # robust standard deviations
ODD_SIZE = 2.0  # times the usual number of pixels, or ratio of the sides, either way
MOST_SIZES = 8  # columns of by_size; the rest is 'other'


class Audit(NamedTuple):
    """The tables of the audit.

    leakage: one row for each split (official, ours) and kind (picture, lesion, patient, near-duplicate, any) with
    n_test (pictures), n_shared (test pictures that share it with training) and at_least (some ids are missing: there
    may be more). by_origin, by_size: counts by class. dark_corners: n, dark and share by class. The others list
    pictures with source, label and score, the most suspicious first.
    """

    leakage: pd.DataFrame
    by_origin: pd.DataFrame
    by_size: pd.DataFrame
    dark_corners: pd.DataFrame
    association: dict[str, float | None]  # Cramer's V of class with origin, size and dark corners, 0 to 1
    blank: pd.DataFrame  # score: standard deviation of grey, 0 to 255
    colourless: pd.DataFrame  # score: share of grey pixels
    off_domain: pd.DataFrame  # score: distance to the nearest pictures over the usual one
    odd_colour: pd.DataFrame  # score: robust standard deviations from the usual colour and brightness
    odd_size: pd.DataFrame  # score: times the usual size or ratio of sides


class PictureStatistics(NamedTuple):
    """Measurements of one picture: see picture_statistics()."""

    dark_corners: bool
    contrast: float
    grey_share: float
    colour: tuple[float, float, float]
    thumbnail: NDArray[np.float32]


def audit(pictures: pd.DataFrame, near: pd.DataFrame, read: Callable[[Any], Pixels]) -> Audit:
    """Audit a table with one row per raw file (reason is empty where it is used).

    near: linked pairs of rows, columns a and b. read: the pixels of a used picture by its row, called in worker
    processes. Pictures that are not used count only for leakage in the official split.
    """
    used = pictures[pictures["reason"] == ""]
    rows = list(map_on_all_cores(partial(_read_statistics, read), used.index.tolist(), "audit"))
    statistics = pd.DataFrame(rows, columns=PictureStatistics._fields, index=used.index)
    size = used["width"].astype(str) + " x " + used["height"].astype(str)
    size = size.where(size.isin(size.value_counts().index[:MOST_SIZES]), "other")
    dark = statistics["dark_corners"].astype(bool)
    confounders: dict[str, pd.Series] = {
        "origin": used["origin"].replace("", "unknown"),
        "size": size,
        "dark_corners": dark,
    }
    tables = {
        name: pd.crosstab(used["label"], values).rename_axis(columns=None) for name, values in confounders.items()
    }
    by_class = dark.groupby(used["label"])
    contrast, grey_share = statistics["contrast"].astype(float), statistics["grey_share"].astype(float)
    return Audit(
        leakage=leakage_counts(pictures, near),
        by_origin=tables["origin"],
        by_size=tables["size"],
        dark_corners=pd.DataFrame({"n": by_class.size(), "dark": by_class.sum(), "share": by_class.mean()}),
        association={name: cramers_v(table) for name, table in tables.items()},
        blank=_list_pictures(used, contrast, contrast < BLANK, ascending=True),
        colourless=_list_pictures(used, grey_share, grey_share >= COLOURLESS),
        off_domain=_list_above(used, neighbour_distance_ratio(np.array(statistics["thumbnail"].tolist())), OFF_DOMAIN),
        odd_colour=_list_above(
            used, robust_z(np.array(statistics["colour"].tolist()).reshape(-1, 3)).max(axis=1), ODD_COLOUR
        ),
        odd_size=_list_above(used, size_ratio(used["width"], used["height"]), ODD_SIZE),
    )


def picture_statistics(pixels: Pixels) -> PictureStatistics:
    """Measurements of the (height, width, 3) pixels of a picture.

    dark_corners: in at least two corners the mean luminance is DARK of that of the middle (half of each side) or less,
    as where the round field of a dermatoscope shows. contrast: standard deviation of grey, 0 to 255. grey_share: of
    pixels without colour. colour: logarithms of mean brightness, red over green and blue over green.
    """
    values = pixels.astype(np.float32)
    cells = np.asarray(Image.fromarray(pixels).convert("L").resize((CORNER, CORNER), Image.Resampling.BOX), np.float32)
    corners = np.sort(cells[[0, 0, -1, -1], [0, -1, 0, -1]])
    middle = cells[CORNER // 4 : -CORNER // 4, CORNER // 4 : -CORNER // 4].mean()
    red, green, blue = np.log(values.mean(axis=(0, 1)) + 1)  # + 1: a black picture has no logarithm
    return PictureStatistics(
        dark_corners=bool(corners[1] <= DARK * middle and middle > 0),
        contrast=float(values.mean(axis=2).std()),
        grey_share=float((np.ptp(pixels, axis=2) <= GREY).mean()),
        colour=(float(green), float(red - green), float(blue - green)),
        thumbnail=thumbnail_features(pixels),
    )


def neighbour_distance_ratio(thumbnails: NDArray[np.float32]) -> NDArray[np.float64]:
    """(n,) distances of thumbnails (n, features) to their fifth-nearest neighbour, over the median of all; 1 is usual.

    A landscape or a chart is far from every lesion, while a rare kind of picture has others of its kind nearby.
    Ones where there are too few pictures.
    """
    if len(thumbnails) <= NEIGHBOURS:
        return np.ones(len(thumbnails))
    nearest = NearestNeighbors(n_neighbors=NEIGHBOURS).fit(thumbnails)
    distance: NDArray[np.float64] = nearest.kneighbors()[0][:, -1].astype(np.float64)
    return distance / max(float(np.median(distance)), 1.0)


def robust_z(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Absolute distances of (n, k) values from their column's median in robust standard deviations, 1.4826 MAD.

    Zero where half of a column or more is one value.
    """
    if not len(values):
        return np.zeros((0, max(values.shape[1], 1)))
    distance = np.abs(values - np.median(values, axis=0))
    deviation = 1.4826 * np.median(distance, axis=0)
    return np.where(deviation > 0, distance / np.where(deviation > 0, deviation, 1), 0.0)


def size_ratio(width: pd.Series, height: pd.Series) -> NDArray[np.float64]:
    """(n,) how many times larger or smaller, longer or wider each picture is than the median picture; 1 is usual."""
    logs = np.log(np.stack([width * height, width / height], axis=1).astype(np.float64))
    return np.exp(np.abs(logs - np.median(logs, axis=0)).max(axis=1)) if len(logs) else np.ones(0)


def cramers_v(counts: pd.DataFrame) -> float | None:
    """Cramer's V of a table of counts: 0 where rows and columns are independent, 1 where one determines the other.

    None where there are fewer than two rows or columns.
    """
    return float(association(counts.to_numpy(), method="cramer")) if min(counts.shape) > 1 else None


def _read_statistics(read: Callable[[Any], Pixels], row: Any) -> PictureStatistics:
    return picture_statistics(read(row))


def _list_above(used: pd.DataFrame, scores: NDArray[np.float64], threshold: float) -> pd.DataFrame:
    values = pd.Series(scores, index=used.index)
    return _list_pictures(used, values, values >= threshold)


def _list_pictures(used: pd.DataFrame, scores: pd.Series, selected: pd.Series, ascending: bool = False) -> pd.DataFrame:
    """The selected pictures with LIST_COLUMNS, the most suspicious first."""
    table = (
        used[selected]
        .assign(score=scores[selected].round(3))
        .sort_values(["score", "source"], ascending=[ascending, True])
    )
    return table[list(LIST_COLUMNS)].reset_index(drop=True)
