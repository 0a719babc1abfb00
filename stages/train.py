"""Train the network on the training pictures, watched on the validation pictures; the test pictures stay closed.

Reads the prepared and the augmented pictures and the plan; writes the model, and its curves while it trains.
"""

from pathlib import Path

from lesions.console import run
from lesions.manifest import read_manifest
from lesions.models import build_model, save_model
from lesions.params import load_params
from lesions.training import fit, set_seeds
from lesions.training_data import load_training_data
from lesions.training_log import Curves, Progress, StopAtNaN, curves, write_summary

MODEL = Path("models/model.keras")
CURVES = Path("plots/train")


def main() -> None:
    """Run the stage in the current folder."""
    params = load_params()
    set_seeds(params.seed, params.train.deterministic)
    data = load_training_data(read_manifest(), params.image_size, params.rebalance)
    model = build_model(params.model, len(data.classes), params.image_size)
    print(
        f"training {params.model.name} ({model.count_params():,} weights) on {len(data.train.labels):,} pictures, "
        f"watched on {len(data.val.labels):,} validation pictures of {len(data.classes)} classes"
    )
    with curves(CURVES) as live:
        kept = fit(model, data, params, [StopAtNaN(), Curves(live), Progress()])
        save_model(model, MODEL)
    write_summary(CURVES, kept, model.count_params())
    print(
        f"{MODEL}: {params.model.name} after epoch {kept.kept_epoch} of {kept.epochs}, balanced accuracy "
        f"{kept.scores['val_balanced_accuracy']:.3f} on validation pictures; curves in {CURVES}: `dvc plots show`"
    )


if __name__ == "__main__":
    run(main)
