"""The audit as report sections: leakage, class against source and frame, pictures that may show no lesion."""

from functools import partial
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from lesions.data.diagnoses import diagnosis
from lesions.data.pixels import Pixels, read_pixels
from lesions.data.results.prepare import Association, AuditCounts, FrameProbe, Leakage
from lesions.metrics import probe
from lesions.metrics.probe import ProbeScores
from lesions.preparation.audit import Audit, audit
from lesions.preparation.joined_sets import overlap
from lesions.preparation.leakage import NEAR, leaked_pictures
from lesions.preparation.prepare import PreparedDataset
from lesions.rendering.html import PictureSet, Section, Table, embed_picture, first_sets, table_of

MOST_SETS = 12
FEWEST_FOR_PROBE = 50  # training pictures; a forest on fewer means nothing
PREDICTABLE = 0.7  # AUROC of the frame alone from which the report warns
SUSPICIONS = {
    "blank": "Hardly any contrast (score: standard deviation of grey, of 255)",
    "colourless": "Hardly any colour (score: share of grey pixels)",
    "off_domain": "Unlike all other pictures (score: distance to the nearest over the usual one)",
    "odd_colour": "Unusual colour or brightness (score: robust standard deviations)",
    "odd_size": "Unusual size or shape (score: times the usual)",
}
YES_NO = {"True": "yes", "False": "no"}


class AuditResults(NamedTuple):
    """The audit's tables, and the scores of the frame-only probe (None where there are too few training pictures)."""

    audit: Audit
    frame_probe: ProbeScores | None

    @property
    def counts(self) -> AuditCounts:
        """For metrics/prepare.json."""
        tables, probe_scores = self.audit, self.frame_probe
        return AuditCounts(
            leakage=[Leakage.model_validate(row) for row in tables.leakage.to_dict("records")],
            cramers_v=Association(**{name: _rounded(value) for name, value in tables.association.items()}),
            blank=len(tables.blank),
            colourless=len(tables.colourless),
            off_domain=len(tables.off_domain),
            odd_colour=len(tables.odd_colour),
            odd_size=len(tables.odd_size),
            frame_probe=probe_scores
            and FrameProbe(
                macro_auroc=_rounded(probe_scores.macro_auroc),
                melanoma_vs_nevus_auroc=_rounded(probe_scores.melanoma_vs_nevus_auroc),
            ),
        )


def audit_prepared(prepared: PreparedDataset, folder: Path) -> AuditResults:
    """Audit the pictures of a prepared folder; the frame-only probe is cross-validated within training."""
    paths = prepared.used["path"]
    tables = audit(prepared.pictures, prepared.near, partial(_read, folder, paths))
    train = prepared.used[prepared.used["split"] == "train"]
    if len(train) < FEWEST_FOR_PROBE or train["label"].value_counts().min() < probe.FOLDS:
        return AuditResults(tables, None)
    (features,) = probe.read_features([folder / path for path in train["path"]], ["frame"])
    predictions = probe.cross_validate(features, train["label"], train["group"], "frame")
    return AuditResults(tables, probe.score(predictions))


def sections(results: AuditResults, prepared: PreparedDataset, dataset: Path) -> list[Section]:
    """The findings as sections of the page; dataset: the folder with the raw pictures."""
    return [
        _overlap(prepared),
        _leakage(results.audit, prepared, dataset),
        _sources(results.audit),
        _frame(results.frame_probe),
        _suspicious(results.audit, dataset),
    ]


def _overlap(prepared: PreparedDataset) -> Section:
    """What the joined data sets share; without a text where there is but one, and so not on the page."""
    title = "What the data sets share"
    parts = prepared.raw.parts
    if not parts:
        return Section(title, [])
    used = prepared.used["dataset"].value_counts()
    texts = [
        f"{len(parts)} data sets are joined: " + ", ".join(f"{part} ({used.get(part, 0):,} used)" for part in parts),
        "A picture of two sets is used once. 'By id': ISIC ids in both; 'by pixels': pairs that only the pixels tell; "
        "'by lesion': pictures of the second whose lesion the first has too, which share its split.",
    ]
    rows = [
        [f"{row['one']} and {row['other']}", *(f"{row[name]:,}" for name in ("by_id", "by_pixels", "by_lesion"))]
        for row in overlap(prepared.pictures, prepared.near).to_dict("records")
    ]
    return Section(title, texts, [Table(["data sets", "by id", "by pixels", "by lesion"], rows)])


def _leakage(data_audit: Audit, prepared: PreparedDataset, dataset: Path) -> Section:
    title = "Test pictures that training knows"
    table = data_audit.leakage
    if table.empty:
        return Section(title, ["There is no test split to look at."])
    texts = []
    for split, description in (("official", "The published Train and Test folders"), ("ours", "The splits made here")):
        any_kind = table[(table["split"] == split) & (table["kind"] == "any")]
        for row in any_kind.to_dict("records"):
            leaked = f"{'at least ' if row['at_least'] else ''}{row['n_shared']:,}" if row["n_shared"] else "none known"
            texts.append(
                f"{description}: {leaked} of {row['n_test']:,} test pictures that share a picture, lesion, patient or "
                "near-duplicate with training."
            )
    if table["at_least"].any():
        texts.append("'At least': some pictures bear no lesion or patient id, so more may share one.")
    rows = [
        [
            f"{row['split']}: {row['kind']}",
            f"{row['n_test']:,}",
            f"{row['n_shared']:,}",
            "yes" if row["at_least"] else "no",
        ]
        for row in table.to_dict("records")
    ]
    pictures = prepared.pictures
    pairs = leaked_pictures(pictures, prepared.near)
    sets = (
        PictureSet(
            [
                embed_picture(
                    dataset, pictures.loc[row, "source"], f"{split}: {Path(pictures.loc[row, 'source']).stem}"
                )
                for split, row in (("Test", pair["test"]), ("Train", pair["train"]))
            ],
            f"the same {pair['kind']}" if pair["kind"] != NEAR else "nearly the same picture",
        )
        for pair in pairs.to_dict("records")
    )
    visible, hidden = first_sets(sets, MOST_SETS, len(pairs))
    tables = [Table(["split: shared by", "test", "shared", "ids missing"], rows)]
    return Section(title, texts, tables, visible, hidden)


def _sources(data_audit: Audit) -> Section:
    words = {"origin": "collection", "size": "picture size", "dark_corners": "dark corners"}
    associations = {words[name]: value for name, value in data_audit.association.items() if value is not None}
    texts = [
        "A network can learn a class by how its pictures were taken. Cramer's V is 0 where class and way have "
        "nothing to do with each other, 1 where one gives away the other."
    ]
    if associations:
        texts.append(
            "Class goes with " + ", ".join(f"{name}: V = {value:.2f}" for name, value in associations.items()) + "."
        )
    dark = data_audit.dark_corners.rename(columns={"dark": "with dark corners"})
    tables = {"class by collection": data_audit.by_origin, "class by size": data_audit.by_size, "class": dark}
    return Section("Class against source", texts, [_by_class(counts, name) for name, counts in tables.items()])


def _frame(scores: ProbeScores | None) -> Section:
    title = "What the frame alone gives away"
    if scores is None:
        return Section(title, ["Too few training pictures for the frame-only probe."])
    predictable = [
        diagnosis(label).name for label, value in scores.auroc.items() if value is not None and value >= PREDICTABLE
    ]
    texts = [
        "A small forest sees the outer twelfth of each side only, where there is mostly skin, and is cross-validated "
        f"within training (n = {scores.n:,}). AUROC 0.5 is chance; what is above comes from how pictures were taken."
    ]
    if scores.melanoma_vs_nevus_auroc is not None:
        texts.append(f"Melanoma against nevus by the frame alone: AUROC {scores.melanoma_vs_nevus_auroc:.2f}.")
    if predictable:
        texts.append(
            f"Told by the frame with AUROC {PREDICTABLE} or more: {', '.join(predictable)}. "
            "Scores of these are inflated."
        )
    rows = [[diagnosis(label).name, "-" if value is None else f"{value:.2f}"] for label, value in scores.auroc.items()]
    return Section(title, texts, [Table(["class against the rest", "AUROC of the frame"], rows)])


def _suspicious(data_audit: Audit, dataset: Path) -> Section:
    title = "Pictures worth a look"
    lists = {name: getattr(data_audit, name) for name in SUSPICIONS}
    texts = [f"{SUSPICIONS[name]}: {len(table):,}." for name, table in lists.items() if len(table)]
    if not texts:
        return Section(title, ["No picture is blank, colourless, off-domain, or of unusual colour or size."])
    sets: list[PictureSet] = []
    hidden = 0
    for name, table in lists.items():
        kind = name.replace("_", " ")
        picture_sets = (
            PictureSet(
                [embed_picture(dataset, row["source"], diagnosis(row["label"]).name)], f"{kind}: {row['score']:g}"
            )
            for row in table.to_dict("records")
        )
        visible, more = first_sets(picture_sets, MOST_SETS, len(table))
        sets, hidden = [*sets, *visible], hidden + more
    return Section(title, [*texts, "They are used; look at them and decide."], [], sets, hidden)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _by_class(counts: pd.DataFrame, name: str) -> Table:
    named = counts.copy()
    named.index = pd.Index([diagnosis(str(label)).name for label in named.index])
    named.columns = pd.Index([YES_NO.get(str(name), str(name)) for name in named.columns])
    return table_of(named, name)


def _read(folder: Path, paths: pd.Series, row: int) -> Pixels:
    return read_pixels(folder / str(paths[row]))
