"""The data card: sources, reference standard, patients and known faults of the data set.

After Gebru et al. (2021), Datasheets for Datasets. Every number is from the manifest or metrics/prepare.json.
"""

import pandas as pd

from lesions.data.diagnoses import diagnosis
from lesions.data.licences import licence_of
from lesions.data.manifest import SPLITS, is_synthetic
from lesions.metrics.subgroups import AGE_BANDS, UNKNOWN, age_band
from lesions.rendering.formatting import format_percent, join_names
from lesions.rendering.html import Section, Table
from lesions.reports.run_results import RunResults

OTHER_COLLECTION_NOTE = "'other': in the ISIC archive, but not in HAM10000. "
SYNTHETIC_WARNING = (
    "**SYNTHETIC PICTURES.** Every picture was drawn by a program; no skin was photographed. Nothing here says "
    "anything about skin, lesions or patients. The numbers show that the pipeline runs, and nothing else."
)


def data_card(results: RunResults) -> list[Section]:
    """The sections of reports/data_card.md."""
    return [
        _contents(results),
        _licence(results),
        _splits(results),
        _reference_standard(results.manifest),
        _patients(results.manifest),
        _data_faults(results),
        _limitations(results.manifest),
    ]


def reference_standard_table(manifest: pd.DataFrame) -> Table:
    """The number of pictures of each class by reference standard: the confirmation column of the manifest."""
    counts = pd.crosstab(manifest["label"], manifest["confirmation"].replace("", UNKNOWN))
    order = sorted(set(counts.columns) - {UNKNOWN}) + [UNKNOWN] * (UNKNOWN in counts.columns)
    rows = [
        [diagnosis(str(label)).name, f"{int(row.sum()):,}", *(f"{int(row[name]):,}" for name in order)]
        for label, row in counts.iterrows()
    ]
    return Table(["class", "pictures", *order], rows)


def reference_standard_text(manifest: pd.DataFrame) -> str:
    """How many pictures have a known reference standard, in a sentence."""
    if is_synthetic(manifest):
        return "No diagnosis was made: the class is what the program drew."
    has_standard = manifest["confirmation"] != ""
    if not has_standard.any():
        return "What the diagnoses rest on is unknown for every picture: the data set does not say it."
    histology = int((manifest["confirmation"] == "histology").sum())
    without = sorted(diagnosis(label).name for label, rows in has_standard.groupby(manifest["label"]) if not rows.any())
    text = (
        f"What the diagnosis rests on is known for {int(has_standard.sum()):,} of {len(manifest):,} pictures, "
        f"histology for {histology:,} of them."
    )
    return text + (f" It is not known for any picture of {join_names(without)}." if without else "")


def _contents(results: RunResults) -> Section:
    metrics = results.prepare
    tables = metrics.official_tables
    checked = (
        f"Labels were checked against {len(tables)} official tables ({join_names(tables)}): "
        f"{metrics.n_label_disagreements:,} disagree."
        if tables
        else "No official table was given, so no label was checked against one."
    )
    excluded = [f"{n:,} {reason}" for reason, n in metrics.excluded.items()]
    return Section(
        "What it is",
        [
            f"{metrics.n_raw:,} raw files, read as {metrics.layout}; {metrics.n_usable:,} pictures in "
            f"{metrics.n_groups:,} groups (patient, lesion, same picture) are used. Left out: {join_names(excluded)}.",
            checked,
            "Every file stands, with its reason if left out, in data/prepared/manifest.csv or excluded.csv; "
            "reports/data_audit.html shows the faults side by side.",
        ],
    )


def _licence(results: RunResults) -> Section:
    counts = results.manifest["origin"].replace("", UNKNOWN).value_counts()
    rows = [[str(name), f"{int(n):,}", licence_of(str(name))] for name, n in counts.items()]
    return Section(
        "Collections and licences",
        [OTHER_COLLECTION_NOTE * ("other" in counts.index) + "The pictures themselves are never in Git."],
        [Table(["collection", "pictures", "licence of the pictures"], rows)],
    )


def _splits(results: RunResults) -> Section:
    classes = results.prepare.classes
    counts = {label: (row.n_raw, row.n_usable, row.n_train, row.n_val, row.n_test) for label, row in classes.items()}
    rows = [[diagnosis(label).name, *(f"{n:,}" for n in row)] for label, row in counts.items()]
    rows.append(["all", *(f"{sum(column):,}" for column in zip(*counts.values(), strict=True))])
    return Section(
        "Classes and splits",
        [
            "Split by group before anything was augmented, so that no known patient, lesion or near-duplicate stands "
            f"in two splits ({results.prepare.n_near_duplicates:,} near-duplicate pairs were found)."
        ],
        [Table(["class", "files", "used", *SPLITS], rows)],
    )


def _reference_standard(manifest: pd.DataFrame) -> Section:
    return Section("Reference standard", [reference_standard_text(manifest)], [reference_standard_table(manifest)])


def _patients(manifest: pd.DataFrame) -> Section:
    columns = {"age": manifest["age"].map(age_band), "sex": manifest["sex"], "site": manifest["site"]}
    if (manifest["skin_type"] != "").any():
        columns["skin type"] = manifest["skin_type"]
    texts, rows = [], []
    for name, values in columns.items():
        recorded = values[~values.isin(["", UNKNOWN])]
        texts.append(f"{name.capitalize()} is known for {format_percent(len(recorded) / len(values))} of the pictures.")
        bands = [band for _, _, band in AGE_BANDS] if name == "age" else sorted(set(recorded))
        rows += [
            [f"{name}: {value}", f"{int((recorded == value).sum()):,}"] for value in bands if (recorded == value).any()
        ]
    if "skin type" not in columns:
        texts.append("Skin tone is recorded for none.")
    return Section("Who is in it", [" ".join(texts)], [Table(["", "pictures"], rows)] if rows else [])


def _data_faults(results: RunResults) -> Section:
    audit = results.prepare.audit
    texts = []
    for row in audit.leakage:
        if row.kind == "any" and row.split == "official":
            bound = "at least " if row.at_least and row.n_shared else ""
            texts.append(
                f"As published, {bound}{row.n_shared:,} of {row.n_test:,} Test pictures share a picture, lesion, "
                "patient or near-duplicate with Train. The splits made here keep all known ones together."
            )
    cramers_v = audit.cramers_v.origin
    if cramers_v is not None:
        texts.append(
            f"Class against collection: Cramer's V {cramers_v:.2f} (0: unrelated, 1: one gives away the other)."
        )
    probe = audit.frame_probe
    if probe and probe.macro_auroc is not None:
        texts.append(
            f"A forest that sees the frame of the picture alone tells the classes of training pictures with a macro "
            f"AUROC of {probe.macro_auroc:.2f} (0.5: chance)."
        )
    oddities = {
        "blank": audit.blank,
        "colourless": audit.colourless,
        "off domain": audit.off_domain,
        "odd colour": audit.odd_colour,
        "odd size": audit.odd_size,
    }
    if any(oddities.values()):
        texts.append(f"Used, but worth a look: {join_names([f'{n:,} {name}' for name, n in oddities.items() if n])}.")
    return Section("Known faults", texts or ["None of those looked for."])


def _limitations(manifest: pd.DataFrame) -> Section:
    if is_synthetic(manifest):
        return Section("What is not known", ["Anything about skin: these pictures cannot tell it."])
    group_sizes = manifest["group"].value_counts()
    return Section(
        "What is not known",
        [
            f"{int((group_sizes == 1).sum()):,} of {len(group_sizes):,} groups hold one picture: the only one of its "
            "patient or lesion, or one whose kin no id tells.",
            "How pictures were chosen by those who collected them, what they left out, and whether patients consented: "
            "see their publications.",
            "Whether nails, mucosa, acral skin or children"
            f"{'' if (manifest['skin_type'] != '').any() else ' or dark skin'} are represented was not assessed.",
        ],
    )
