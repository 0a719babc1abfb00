"""Score the trained network on the test pictures. The only stage that reads them."""

from lesions.data.manifest import read_manifest, title_suffix
from lesions.data.plan import class_shares, read_plan
from lesions.evaluation import evaluate
from lesions.evaluation.drawing import draw
from lesions.evaluation.network import evaluate_network
from lesions.models.predict import load_model
from lesions.params.paths import DECISION, EVALUATE_METRICS, EVALUATE_PLOTS, MODEL, PLAN, PREDICTIONS, PREPARED, SCORES
from lesions.params.schema import load_params
from lesions.runtime.console import run
from lesions.runtime.outputs import write_csv


def main() -> None:
    params = load_params()
    manifest = read_manifest(PREPARED)
    evaluation = evaluate_network(
        load_model(MODEL),
        manifest,
        class_shares(read_plan(PLAN, manifest)),
        PREPARED,
        color_constancy=params.prepare.color_constancy,
        target_sensitivity=params.evaluate.target_sensitivity,
        seed=params.seed,
    )
    evaluation.decision.write(DECISION)
    write_csv(PREDICTIONS, evaluation.predictions)
    evaluate.headline(evaluation.scores.test).write(EVALUATE_METRICS)
    evaluation.scores.write(SCORES)
    draw(evaluation, PREPARED, params.evaluate.sheet_pictures, title_suffix(manifest), EVALUATE_PLOTS)
    print(evaluate.summary_text(evaluation.scores.test))


if __name__ == "__main__":
    run(main)
