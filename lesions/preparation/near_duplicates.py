"""Near-duplicates: pictures that show one lesion nearly alike, cropped, turned, recoloured, taken or published twice.

Pairs whose hashes are near in one of eight orientations are candidates; a pair is linked only where the registered
pictures themselves correlate. Linked pictures form one group, and nothing more: a link excludes no picture, and
two labels under one link are no conflict. docs/methods.md has the measurements on real pictures.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import pairwise, product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image
from scipy import fft
from scipy.ndimage import gaussian_filter, rotate
from tqdm import tqdm

from lesions.data.images import HASH_FREQUENCIES
from lesions.data.pixels import Pixels
from lesions.runtime.console import available_cores
from lesions.runtime.parallel import map_on_all_cores

Details = NDArray[np.int8]  # (..., SIDE, SIDE)

MAX_DISTANCE = 14  # of 64 bits; hashes farther apart are no candidates
MIN_CORRELATION = 0.80  # smallest correlation of a linked pair
ORIENTATIONS = tuple(product((False, True), repeat=3))  # transposed, then upside down, then mirrored

SIDE = 64  # pixels of the pictures that are compared
FINEST, COARSEST = 1.0, 3.0  # pixels, standard deviations of the Gaussians whose difference is the band of detail
LARGEST_DETAIL = 3.0  # times the median size of a picture's details: one dark spot on plain skin must not outweigh all
FULL_RADIUS, EDGE_RADIUS = 24.0, 32.0  # pixels from the centre where the weight begins to fall, and where it is zero
SHIFT = 6  # pixels, the largest in both directions
ROTATIONS = (-6.0, 6.0)  # degrees, tried beside the upright picture
MIN_FOR_ROTATION = 0.60  # correlation before rotation, which adds .2 at most

CROWD = 30  # pictures linked to one from which on these are not compared with each other
ROWS, COLUMNS = 32, 4096  # hashes compared at once, and up to twice as many columns: less, and threads wait for turns
PAIRS = 32  # correlated at once: in the cache of one core


def near_duplicates(phash: pd.Series, read: Callable[[Any], Pixels], max_distance: int = MAX_DISTANCE) -> pd.DataFrame:
    """The candidate pairs among pictures, and which of them are linked.

    phash: one perceptual hash per picture (16 hexadecimal digits). read: the pixels of a picture, grey or RGB, by
    its label in the index of phash; called once for each picture in a candidate pair, in worker processes.

    Returns columns a, b (index labels, a before b), distance (bits, 0 to `max_distance`, in the nearest orientation),
    correlation (-1 to 1) and linked (correlation >= MIN_CORRELATION), in the order of the table. Of a crowd of copies
    (more than CROWD) the pairs with one of them alone are in it.
    """
    candidates = candidate_pairs(phash.tolist(), max_distance)
    rows = np.unique(candidates[["a", "b"]])
    labels = [phash.index[row] for row in rows]
    bands = list(map_on_all_cores(partial(_read_details, read), labels, "near-duplicates"))
    details = np.stack(bands) if bands else np.empty((0, SIDE, SIDE), np.int8)
    first, second = (np.searchsorted(rows, candidates[column]) for column in ("a", "b"))
    orientations = candidates["orientation"].to_numpy()
    candidates["correlation"] = _correlations(
        len(rows), first, second, lambda some: _correlate_all(details, first[some], second[some], orientations[some])
    )
    pairs = candidates.dropna().groupby(["a", "b"], as_index=False).agg({"distance": "min", "correlation": "max"})
    pairs["a"], pairs["b"] = phash.index[pairs["a"]], phash.index[pairs["b"]]
    return pairs.assign(linked=pairs["correlation"] >= MIN_CORRELATION)


def _correlations(
    n: int, first: NDArray[np.int64], second: NDArray[np.int64], correlate_some: Callable[[Any], NDArray[np.float64]]
) -> NDArray[np.float64]:
    """(m,) correlations of candidate pairs of n pictures, not a number where a pair need not be compared.

    Copies by the hundred would be compared each with each. So of more than CROWD pictures that are linked to one, this
    one alone is compared with the others: it joins them all.
    """
    correlations = np.full(len(first), np.nan)
    open_pairs = np.ones(len(first), bool)
    while True:
        partners = np.bincount(first[open_pairs], minlength=n) + np.bincount(second[open_pairs], minlength=n)
        if not len(first) or partners.max() <= CROWD:
            break
        centre = partners.argmax()
        star = np.flatnonzero(open_pairs & ((first == centre) | (second == centre)))
        correlations[star] = correlate_some(star)
        open_pairs[star] = False
        linked = star[correlations[star] >= MIN_CORRELATION]
        members = np.setdiff1d(np.concatenate([first[linked], second[linked]]), centre)
        if len(members) > CROWD:
            open_pairs &= ~(np.isin(first, members) | np.isin(second, members))
    rest = np.flatnonzero(open_pairs)
    correlations[rest] = correlate_some(rest)
    return correlations


def candidate_pairs(hashes: Sequence[str], max_distance: int = MAX_DISTANCE) -> pd.DataFrame:
    """Every pair of hashes at most `max_distance` bits apart in one of the eight orientations of the second.

    hashes: 16 hexadecimal digits each. Returns integer columns a < b (positions), orientation (of ORIENTATIONS) and
    distance, sorted; a pair that is near in several orientations has a row for each.
    """
    views, threads = hash_views(hashes), available_cores()
    shares = [range(ROWS * number, len(hashes), ROWS * threads) for number in range(threads)]
    with ThreadPoolExecutor(threads) as pool:  # threads: these operations leave Python's lock
        matches = np.concatenate(list(pool.map(partial(_search, views, max_distance), shares)))
    table = pd.DataFrame(matches, columns=["a", "b", "orientation", "distance"])
    return table[table["a"] < table["b"]].sort_values(["a", "b", "orientation"], ignore_index=True)


def same_picture_pairs(pictures: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """The pairs of rows that share an id (in one of the columns `keys`; empty is none) and nearly all bits of a hash.

    The id makes it likely that they are one picture, saved in two ways; without it, hashes alone are too weak for that.
    pictures: with sha256 and phash; of rows with equal pixels the first stands for all. Returns columns a and b,
    positions of rows.
    """
    rows = pictures.assign(position=range(len(pictures)))
    pairs = [np.empty((0, 2), np.int64)]
    for key in keys:
        distinct = rows[(rows[key] != "") & ~rows[[key, "sha256"]].duplicated()]
        joined = distinct.merge(distinct, on=key, suffixes=("", "_other"))
        joined = joined[joined["position"] < joined["position_other"]]
        if len(joined):
            upright, views = hash_views(joined["phash"].tolist())[0], hash_views(joined["phash_other"].tolist())
            near = np.bitwise_count(upright ^ views).min(axis=0) <= MAX_DISTANCE
            pairs.append(joined.loc[near, ["position", "position_other"]].to_numpy())
    return pd.DataFrame(np.concatenate(pairs), columns=["a", "b"])


def hash_views(hashes: Sequence[str]) -> NDArray[np.uint64]:
    """(8, n) hashes of the pictures in each of ORIENTATIONS, upright first, from those of the upright ones."""
    digits = np.frombuffer(bytes.fromhex("".join(hashes)), dtype=np.uint8).reshape(-1, 8)
    bits = np.unpackbits(digits, axis=1)
    odd_rows, odd_columns = np.array(HASH_FREQUENCIES).T % 2
    swapped = [HASH_FREQUENCIES.index((column, row)) for row, column in HASH_FREQUENCIES]
    views = [
        (bits[:, swapped] if transposed else bits) ^ (upside_down * odd_rows ^ mirrored * odd_columns).astype(np.uint8)
        for transposed, upside_down, mirrored in ORIENTATIONS
    ]
    return np.packbits(views, axis=2).view(np.uint64)[..., 0]


def details_of(pixels: Pixels) -> Details:
    """(64, 64) fine structure of grey or RGB pixels: logarithmic grey, one band of frequencies, clipped.

    The logarithm turns a change of exposure into a constant, which the band leaves out with slow changes of lighting.
    -127 to 127; all zero for an even picture.
    """
    image = Image.fromarray(pixels).convert("L").resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    grey = np.log1p(np.asarray(image, dtype=np.float32))
    band = gaussian_filter(grey, FINEST) - gaussian_filter(grey, COARSEST)
    largest = LARGEST_DETAIL * max(float(np.median(np.abs(band))), 1e-5)  # 1e-5: below any step of an 8-bit picture
    return np.rint(127 * np.clip(band / largest, -1, 1)).astype(np.int8)


def correlate(first: Details, second: Details) -> NDArray[np.float64]:
    """(m,) largest correlations of m pairs, details of shape (m, 64, 64), over small shifts and turns of the second.

    Weighted by distance from the centre: corners are often dark or hold a ruler. -1 to 1, and 0 for an even picture.
    """
    spectra = fft.rfft2(_weighted(first))
    best = _over_shifts(spectra, second)
    promising = np.flatnonzero(best >= MIN_FOR_ROTATION)
    for angle in ROTATIONS if len(promising) else ():
        rotated = rotate(
            second[promising].astype(np.float32), angle, axes=(1, 2), reshape=False, order=1, mode="nearest"
        )
        best[promising] = np.maximum(best[promising], _over_shifts(spectra[promising], rotated))
    return best


def _correlate_all(
    details: Details, first: NDArray[np.int64], second: NDArray[np.int64], orientation: NDArray[np.int64]
) -> NDArray[np.float64]:
    """(m,) correlations of the pairs of rows in `details` (n, 64, 64), the second in its orientation."""

    def chunk(start: int) -> NDArray[np.float64]:
        part = slice(start, start + PAIRS)
        oriented = [
            _oriented(details[row], *ORIENTATIONS[view])
            for row, view in zip(second[part], orientation[part], strict=True)
        ]
        return correlate(details[first[part]], np.stack(oriented))

    starts = range(0, len(first), PAIRS)
    with ThreadPoolExecutor(available_cores()) as pool:  # threads: the Fourier transforms leave Python's lock
        done = tqdm(
            pool.map(chunk, starts), total=len(starts), desc="near-duplicates", unit=f" x {PAIRS} pairs", disable=None
        )
        return np.concatenate([np.empty(0), *done])


def _search(views: NDArray[np.uint64], max_distance: int, starts: Sequence[int]) -> NDArray[np.int64]:
    """(k, 4) rows a, b, orientation, distance of the near pairs of ROWS hashes from each start and all from there on.

    Writes into the same memory again and again: asking the system for it takes as long as a third of the search.
    """
    differing, distances = np.empty(2 * ROWS * COLUMNS, np.uint64), np.empty(2 * ROWS * COLUMNS, np.uint8)
    matches = [np.empty((0, 4), np.int64)]
    for start in starts:
        upright = views[0, start : start + ROWS, None]
        for left, right in pairwise(_edges(start, views.shape[1])):
            shape = len(upright), right - left
            bits, distance = differing[: shape[0] * shape[1]], distances[: shape[0] * shape[1]]
            for orientation, view in enumerate(views[:, left:right]):
                np.bitwise_xor(upright, view, out=bits.reshape(shape))
                np.bitwise_count(bits, out=distance)
                if distance.min() <= max_distance:  # seldom, and quicker to test than to locate
                    near = np.flatnonzero(distance <= max_distance)
                    a, b = np.divmod(near, right - left)
                    rows = [start + a, left + b, np.full(len(near), orientation), distance[near]]
                    matches.append(np.stack(rows, axis=1))
    return np.concatenate(matches)


def _edges(start: int, end: int) -> list[int]:
    """Borders of blocks COLUMNS wide, or up to twice that: numpy is slow with narrow ones, as a last one might be."""
    borders: list[int] = np.linspace(start, end, max(1, (end - start) // COLUMNS) + 1, dtype=int).tolist()
    return borders


def _read_details(read: Callable[[Any], Pixels], label: Any) -> Details:
    return details_of(read(label))


def _oriented(details: Details, transposed: bool, upside_down: bool, mirrored: bool) -> Details:
    turned = details.T if transposed else details
    return turned[:: -1 if upside_down else 1, :: -1 if mirrored else 1]


def _weights() -> NDArray[np.float32]:
    y, x = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    weights: NDArray[np.float32] = np.clip((EDGE_RADIUS - np.hypot(y, x)) / (EDGE_RADIUS - FULL_RADIUS), 0, 1)
    return weights.astype(np.float32)


WEIGHTS = _weights()


def _weighted(details: NDArray[Any]) -> NDArray[np.float32]:
    """Details times weights, of mean 0 under the weights and length 1, so that sums of products are correlations."""
    values = details.astype(np.float32)
    values -= np.einsum("mij,ij->m", values, WEIGHTS)[:, None, None] / WEIGHTS.sum()
    values *= WEIGHTS
    length = np.sqrt(np.einsum("mij,mij->m", values, values))
    values /= np.maximum(length, 1e-3)[:, None, None]
    return values


def _over_shifts(spectra: NDArray[np.complex64], second: NDArray[Any]) -> NDArray[np.float64]:
    """(m,) largest correlations over all shifts by up to SHIFT pixels, by the convolution theorem.

    What a shift moves out of the picture counts as zero, which lowers the correlation of a shifted pair a little.
    """
    products = fft.irfft2(spectra * np.conj(fft.rfft2(_weighted(second))), (SIDE, SIDE))
    near = np.r_[-SHIFT : SHIFT + 1]
    largest: NDArray[np.float64] = products[:, near[:, None], near].max(axis=(1, 2)).astype(np.float64)
    return largest
