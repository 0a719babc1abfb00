"""The data card: where the pictures come from, what each diagnosis rests on, who is in them, what is known to be wrong.

After Gebru et al. (2021), Datasheets for Datasets. Every number is from the manifest or metrics/prepare.json.
"""

from typing import Any

import pandas as pd

from lesions.data.diagnoses import diagnosis
from lesions.data.licences import licence_of
from lesions.data.manifest import SPLITS, is_synthetic
from lesions.metrics.subgroups import AGE_BANDS, UNKNOWN, age_band
from lesions.rendering.formatting import join, percent
from lesions.rendering.html import Section, Table
from lesions.reports.run_results import RunResults

OTHER = "'other': in the ISIC archive, but not in HAM10000. "
LOUD = (
    "**SYNTHETIC PICTURES.** Every picture was drawn by a program; no skin was photographed. Nothing here says "
    "anything about skin, lesions or patients. The numbers show that the pipeline runs, and nothing else."
)


def data_card(evidence: RunResults) -> list[Section]:
    """The sections of reports/data_card.md."""
    return [
        _what(evidence),
        _licence(evidence),
        _splits(evidence),
        _reference_standard(evidence.manifest),
        _people(evidence.manifest),
        _faults(evidence),
        _unknown(evidence.manifest),
    ]


def reference_table(manifest: pd.DataFrame) -> Table:
    """For each class how many pictures rest on what: the confirmation column of the manifest."""
    known = manifest["confirmation"].replace("", UNKNOWN)
    counts = pd.crosstab(manifest["label"], known)
    order = sorted(set(counts.columns) - {UNKNOWN}) + [UNKNOWN] * (UNKNOWN in counts.columns)
    rows = [
        [diagnosis(str(label)).name, f"{int(row.sum()):,}", *(f"{int(row[name]):,}" for name in order)]
        for label, row in counts.iterrows()
    ]
    return Table(["class", "pictures", *order], rows)


def confirmed(manifest: pd.DataFrame) -> str:
    """How many pictures have a known reference standard, in a sentence."""
    if is_synthetic(manifest):
        return "No diagnosis was made: the class is what the program drew."
    known = manifest["confirmation"] != ""
    if not known.any():
        return "What the diagnoses rest on is unknown for every picture: the data set does not say it."
    histology = int((manifest["confirmation"] == "histology").sum())
    without = sorted(diagnosis(label).name for label, one in known.groupby(manifest["label"]) if not one.any())
    text = (
        f"What the diagnosis rests on is known for {int(known.sum()):,} of {len(manifest):,} pictures, histology for "
        f"{histology:,} of them."
    )
    return text + (f" It is not known for any picture of {join(without)}." if without else "")


def _what(evidence: RunResults) -> Section:
    found = evidence.prepare
    tables = found["official_tables"]
    checked = (
        f"Labels were checked against {len(tables)} official tables ({join(tables)}): "
        f"{found['official_disagreements']:,} disagree."
        if tables
        else "No official table was given, so no label was checked against one."
    )
    excluded = [f"{n:,} {reason}" for reason, n in found["excluded"].items()]
    return Section(
        "What it is",
        [
            f"{found['files']:,} raw files, read as {found['layout']}; {found['used']:,} pictures in "
            f"{found['groups']:,} groups (patient, lesion, same picture) are used. Left out: {join(excluded)}.",
            checked,
            "Every file stands, with its reason if left out, in data/prepared/manifest.csv or excluded.csv; "
            "reports/data_audit.html shows the faults side by side.",
        ],
    )


def _licence(evidence: RunResults) -> Section:
    counts = evidence.manifest["origin"].replace("", UNKNOWN).value_counts()
    rows = [[str(name), f"{int(n):,}", licence_of(str(name))] for name, n in counts.items()]
    return Section(
        "Collections and licences",
        [OTHER * ("other" in counts.index) + "The pictures themselves are never in Git."],
        [Table(["collection", "pictures", "licence of the pictures"], rows)],
    )


def _splits(evidence: RunResults) -> Section:
    counts = evidence.prepare["classes"]
    names = ("files", "used", *SPLITS)
    rows = [[diagnosis(label).name, *(f"{found[name]:,}" for name in names)] for label, found in counts.items()]
    rows.append(["all", *(f"{sum(found[name] for found in counts.values()):,}" for name in names)])
    return Section(
        "Classes and splits",
        [
            "Split by group before anything was augmented, so that no known patient, lesion or near-duplicate stands "
            f"in two splits ({evidence.prepare['near_duplicates']:,} near-duplicate pairs were found)."
        ],
        [Table(["class", *names], rows)],
    )


def _reference_standard(manifest: pd.DataFrame) -> Section:
    return Section("Reference standard", [confirmed(manifest)], [reference_table(manifest)])


def _people(manifest: pd.DataFrame) -> Section:
    columns = {"age": manifest["age"].map(age_band), "sex": manifest["sex"], "site": manifest["site"]}
    texts, rows = [], []
    for name, values in columns.items():
        known = values[~values.isin(["", UNKNOWN])]
        texts.append(f"{name.capitalize()} is known for {percent(len(known) / len(values))} of the pictures.")
        bands = [band for _, _, band in AGE_BANDS] if name == "age" else sorted(set(known))
        rows += [[f"{name}: {value}", f"{int((known == value).sum()):,}"] for value in bands if (known == value).any()]
    texts.append("Skin tone is recorded for none.")
    return Section("Who is in it", [" ".join(texts)], [Table(["", "pictures"], rows)] if rows else [])


def _faults(evidence: RunResults) -> Section:
    audit: dict[str, Any] = evidence.prepare["audit"]
    texts = []
    for row in audit["contamination"]:
        if row["kind"] == "any" and row["split"] == "official":
            least = "at least " if row["at_least"] and row["shared"] else ""
            texts.append(
                f"As published, {least}{row['shared']:,} of {row['test']:,} Test pictures share a picture, lesion, "
                "patient or near-duplicate with Train. The splits made here keep all known ones together."
            )
    value = audit["association"]["origin"]
    if value is not None:
        texts.append(f"Class against collection: Cramer's V {value:.2f} (0: unrelated, 1: one gives away the other).")
    probe = audit["frame_only_probe"]
    if probe and probe["macro_auroc"] is not None:
        texts.append(
            f"A forest that sees the frame of the picture alone tells the classes of training pictures with a macro "
            f"AUROC of {probe['macro_auroc']:.2f} (0.5: chance)."
        )
    looks = {
        name: audit[name] for name in ("blank", "colourless", "off_domain", "odd_colour", "odd_size") if audit[name]
    }
    if looks:
        texts.append(
            "Used, but worth a look: " + join([f"{n:,} {k.replace('_', ' ')}" for k, n in looks.items()]) + "."
        )
    return Section("Known faults", texts or ["None of those looked for."])


def _unknown(manifest: pd.DataFrame) -> Section:
    if is_synthetic(manifest):
        return Section("What is not known", ["Anything about skin: these pictures cannot tell it."])
    alone = manifest["group"].value_counts()
    return Section(
        "What is not known",
        [
            f"{int((alone == 1).sum()):,} of {len(alone):,} groups hold one picture: the only one of its patient or "
            "lesion, or one whose kin no id tells.",
            "How pictures were chosen by those who collected them, what they left out, and whether patients consented: "
            "see their publications.",
            "Whether nails, mucosa, acral skin, children or dark skin are represented was not assessed.",
        ],
    )
