"""The model card: what the network is, what it is for and not for, and how it did, with intervals.

After Mitchell et al. (2019), Model Cards for Model Reporting. Every number is from the files that the pipeline writes.
"""

from lesions.data.diagnoses import diagnosis
from lesions.params.schema import ModelParams, Params
from lesions.rendering import formatting
from lesions.rendering.formatting import rate
from lesions.rendering.html import Section, Table
from lesions.reports.data_card import confirmed, reference_table
from lesions.reports.findings import class_table, fit_assessment, score_table
from lesions.reports.fit_for_use import attention, fit_for_use, probabilities
from lesions.reports.run_results import RunResults

HARM = (
    "It is **not a medical device**. It must not be used to diagnose, to triage, to reassure anybody or to decide on "
    "treatment, alone or as a second opinion."
)

REBALANCED = {
    "augment": "Rebalanced by augmentation",
    "sampler": "Rebalanced by drawing rare classes more often",
    "weights": "Rebalanced by the weight of each class in the loss",
    "none": "Not rebalanced",
}


def model_card(evidence: RunResults, params: Params) -> list[Section]:
    """The sections of reports/model_card.md."""
    return [
        _model(evidence, params),
        _use(evidence),
        _data(evidence, params),
        Section("Scores on the test pictures", [_how(evidence)], [score_table(evidence), class_table(evidence)]),
        fit_for_use(evidence, params.evaluate.target_sensitivity)._replace(title="Limits"),
        attention(evidence)._replace(title="Where it looks"),
        probabilities(evidence)._replace(title="Probabilities"),
        _subgroups(evidence),
        _licence(evidence),
    ]


def _model(evidence: RunResults, params: Params) -> Section:
    training, model = evidence.training, params.model
    fit = fit_assessment(evidence)
    return Section(
        "The model",
        [
            f"`{model.name}`, {training['weights']:,} weights, {_start(model)}; RGB pictures of "
            f"{params.image_size} x {params.image_size} pixels in, probabilities of "
            f"{len(evidence.classes)} classes out: {formatting.named(evidence.classes)}.",
            f"Trained for {training['epochs_run']} epochs with {params.train.optimizer} (learning rate "
            f"{params.train.learning_rate:g}, {params.train.schedule}), batches of {params.train.batch_size}, dropout "
            f"{model.dropout:g}, label smoothing {params.train.label_smoothing:g}, {_steps(params)}, seed "
            f"{params.seed}; the weights of epoch {training['kept_epoch']} were kept ({_kept(params)}).",
            f"{fit.verdict}.",
            "How it was made is fixed by params.yaml, dvc.yaml and dvc.lock of the same commit.",
        ],
    )


def _use(evidence: RunResults) -> Section:
    malignant = [label for label in evidence.classes if diagnosis(label).malignancy == "malignant"]
    return Section(
        "Intended use",
        [
            "Research on how classifiers of dermoscopy pictures are trained and judged; teaching; a baseline to beat "
            "on the same pictures.",
            HARM,
            f"It knows {len(evidence.classes)} classes ({len(malignant)} malignant) and answers every picture with one "
            "of them: also a picture of healthy skin, of another disease, or of no skin at all.",
        ],
    )


def _data(evidence: RunResults, params: Params) -> Section:
    splits = [f"{name} {found['pictures']:,}" for name, found in evidence.prepare["splits"].items()]
    added = evidence.imbalance["new_pictures"]
    how = REBALANCED[params.rebalance.method]
    return Section(
        "Data",
        [
            f"{evidence.prepare['used']:,} pictures in {evidence.prepare['groups']:,} groups: "
            f"{formatting.join(splits)}. {how}; {added:,} new training pictures. More in data_card.md.",
            "No external validation was made: the test pictures are of the same collections as the training pictures.",
            confirmed(evidence.manifest),
        ],
        [reference_table(evidence.manifest)],
    )


def _how(evidence: RunResults) -> str:
    return (
        f"{evidence.held_out['headline']['n']:,} pictures that had no part in training or in any choice. "
        f"Intervals: 95 %, {evidence.scores['resamples']:,} resamples of groups within each class, Wilson's for small "
        "numbers. They do not hold how scores vary between trainings."
    )


def _subgroups(evidence: RunResults) -> Section:
    found = evidence.held_out["subgroups"]
    told = [row for row in found["rows"] if row["recall"] and row["value"] != "unknown"]
    rows = [
        [
            diagnosis(row["class"]).name,
            row["origin"],
            f"{row['attribute']}: {row['value']}",
            f"{row['n']:,}",
            rate(row["recall"]),
        ]
        for row in told
    ]
    texts = [
        f"Recall within class and collection, where there are enough pictures ({len(told)} of {len(found['rows'])} "
        "subgroups). Many intervals are looked at, so some will differ by chance."
        if told
        else "No subgroup by age, sex or site has enough pictures to be told.",
        f"Skin tone: {found['skin_tone']}.",
    ]
    columns = ["class", "collection", "subgroup", "test pictures", "recall"]
    return Section("Subgroups", texts, [Table(columns, rows)] if rows else [])


def _steps(params: Params) -> str:
    radius = params.train.sharpness
    return f"sharpness-aware steps of {radius:g}" if radius else "plain steps"


def _kept(params: Params) -> str:
    return "the last" if params.train.keep == "last" else f"the best by {params.train.monitor}"


def _start(model: ModelParams) -> str:
    """What the training started from."""
    if model.first_weights == "none":
        return "random first weights"
    if model.weights == "auto":
        return "first weights learnt on drawn lesions (models/pretrained)"
    if model.weights.endswith(".keras"):
        return f"first weights of an earlier training ({model.weights})"
    return "pretrained first weights (keras.applications)"


def _licence(evidence: RunResults) -> Section:
    if evidence.synthetic:
        text = "The pictures are CC0."
    else:
        text = (
            "The licences of the pictures stand in data_card.md. CC BY-NC forbids commercial use of the pictures; "
            "whether that holds for weights trained on them is not settled here."
        )
    return Section("Licence of the data", [text])
