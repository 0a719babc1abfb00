"""Accuracy of near-duplicate detection on real pictures with known lesions; makes the tables of docs/methods.md.

Run as `python -m studies.near_duplicates PICTURES TABLES`: a folder in one of the published layouts and the folder
with the official tables. A pair is true where both pictures bear the id of one lesion, false where they bear different
ones, else unknown: those are listed for inspection.
"""

import argparse
import time
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.measuring import markdown
from lesions.data.images import load_picture
from lesions.data.pixels import Pixels
from lesions.datasets import read_layout
from lesions.preparation.near_duplicates import MAX_DISTANCE, MIN_CORRELATION, candidate_pairs, near_duplicates
from lesions.preparation.official_labels import read_official_labels
from lesions.runtime import console
from lesions.runtime.parallel import map_on_all_cores

DISTANCES = (2, 4, 6, 8, 10, 12, 14, 16)
CORRELATIONS = (0.60, 0.70, 0.75, 0.80, 0.85, 0.90)
TRUTHS = ("true", "false", "unknown")
LISTED_CORRELATION = 0.70  # correlation from which pairs of unknown truth are listed
SEARCH_PICTURES = 25_000  # pictures; ISIC 2019 has about as many
REPEATS = 3
# Without ids, but one photograph published twice or one lesion photographed twice, by eye
NAMED_PAIRS = (
    ("ISIC_0000399", "ISIC_0001124"),
    ("ISIC_0000520", "ISIC_0010302"),
    ("ISIC_0000521", "ISIC_0010990"),
    ("ISIC_0001134", "ISIC_0010016"),
    ("ISIC_0001135", "ISIC_0009882"),
    ("ISIC_0011750", "ISIC_0011751"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", type=Path, help="folder with the pictures")
    parser.add_argument("tables", type=Path, help="folder with the official tables")
    arguments = parser.parse_args()
    pictures = distinct_pictures(arguments.pictures, arguments.tables)
    start = time.perf_counter()
    pairs = judged_pairs(pictures, arguments.pictures, max(DISTANCES))
    seconds = time.perf_counter() - start
    lesion_pictures = pictures.loc[pictures["lesion"] != "", "lesion"].value_counts()
    print(f"\n{len(pictures)} pictures without exact copies; {lesion_pictures.sum()} with the id of their lesion,")
    print(f"{(lesion_pictures * (lesion_pictures - 1) // 2).sum()} pairs of one lesion among them")
    print(f"{len(pairs)} pairs at most {max(DISTANCES)} bits apart, compared in {seconds:.0f} s\n")
    print(table_of_counts(pairs))
    print(f"\nNamed pairs (linked: at most {MAX_DISTANCE} bits and at least {MIN_CORRELATION:.2f})\n")
    print(markdown(named_pairs(pairs)[["pair", "distance", "correlation"]]))
    print(
        f"\nOther pairs of unknown truth at most {MAX_DISTANCE} bits apart, "
        f"correlation at least {LISTED_CORRELATION:.2f}\n"
    )
    print(markdown(other_pairs(pairs)[["pair", "distance", "correlation"]]))
    seconds, cpu = search_seconds()
    print(f"\nCandidates among {SEARCH_PICTURES:,} random hashes: {seconds:.2f} s (best of {REPEATS})")
    print(f"  processor time / {console.available_cores()} cores: {cpu / console.available_cores():.2f} s")


def distinct_pictures(folder: Path, tables: Path) -> pd.DataFrame:
    """One row per picture, exact copies set aside: source, isic_id, lesion (empty where unknown), sha256, phash."""
    raw = read_layout(folder, "auto").table
    hashes = pd.DataFrame(
        map_on_all_cores(partial(_hashes, folder), raw["source"].tolist(), "hashes"), columns=["sha256", "phash"]
    )
    lesion = read_official_labels(tables).table["lesion"].reindex(raw["isic_id"], fill_value="").to_numpy()
    return pd.concat([raw[["source", "isic_id"]], hashes], axis=1).assign(lesion=lesion).drop_duplicates("sha256")


def judged_pairs(pictures: pd.DataFrame, folder: Path, max_distance: int) -> pd.DataFrame:
    """The pairs of near_duplicates() with `pair` (their ISIC ids) and `truth` (one of TRUTHS)."""
    by_source = pictures.set_index("source")
    pairs = near_duplicates(by_source["phash"], partial(_read_grey, folder), max_distance)
    ends = [by_source.loc[pairs[end]].reset_index() for end in ("a", "b")]
    both_known = (ends[0]["lesion"] != "") & (ends[1]["lesion"] != "")
    same = ends[0]["lesion"] == ends[1]["lesion"]
    pairs["truth"] = np.select([both_known & same, both_known & ~same], ["true", "false"], "unknown")
    ids = np.sort(np.stack([end["isic_id"].to_numpy(dtype=str) for end in ends]), axis=0)
    return pairs.assign(pair=[f"{a} / {b}" for a, b in ids.T])


def table_of_counts(pairs: pd.DataFrame) -> str:
    """True + false + unknown pairs, a row for each distance and a column for each correlation."""
    rows = []
    for distance in DISTANCES:
        near = pairs[pairs["distance"] <= distance]
        row: dict[str, object] = {"at most (bits)": distance, "pairs": len(near)}
        for least in CORRELATIONS:
            truths = near.loc[near["correlation"] >= least, "truth"].value_counts()
            row[f">= {least:.2f}"] = " + ".join(str(truths.get(kind, 0)) for kind in TRUTHS)
        rows.append(row)
    return markdown(pd.DataFrame(rows))


def named_pairs(pairs: pd.DataFrame) -> pd.DataFrame:
    """The rows of NAMED_PAIRS; pairs with a missing picture, and pairs that are no candidates, have none."""
    return pairs[pairs["pair"].isin([" / ".join(pair) for pair in NAMED_PAIRS])]


def other_pairs(pairs: pd.DataFrame) -> pd.DataFrame:
    """The candidates of unknown truth that were linked, or nearly so, the most similar first."""
    near = (
        (pairs["distance"] <= MAX_DISTANCE)
        & (pairs["correlation"] >= LISTED_CORRELATION)
        & (pairs["truth"] == "unknown")
    )
    return pairs[near].drop(named_pairs(pairs).index, errors="ignore").sort_values("correlation", ascending=False)


def search_seconds() -> tuple[float, float]:
    """Seconds and processor seconds of the search among SEARCH_PICTURES random hashes, each the best of REPEATS."""
    digits = np.random.default_rng(0).bytes(8 * SEARCH_PICTURES).hex()
    hashes = [digits[start : start + 16] for start in range(0, len(digits), 16)]
    times = []
    for _ in range(REPEATS):
        start, cpu = time.perf_counter(), time.process_time()
        candidate_pairs(hashes)
        times.append((time.perf_counter() - start, time.process_time() - cpu))
    seconds, cpu_seconds = zip(*times, strict=True)
    return min(seconds), min(cpu_seconds)


def _hashes(folder: Path, source: str) -> tuple[str, str]:
    picture = load_picture(folder / source, 64)
    return picture.sha256, picture.phash


def _read_grey(folder: Path, source: str) -> Pixels:
    return load_picture(folder / source, 64).grey


if __name__ == "__main__":
    console.run(main)
