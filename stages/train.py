"""Train the network on the training pictures, watched on the validation pictures; the test pictures stay closed.

Reads the prepared and the augmented pictures and the plan; writes the model, and its curves while it trains. However it
is stopped, the next run goes on after the last complete epoch and ends with the same bytes.
"""

from lesions.data.manifest import read_manifest
from lesions.models.networks import save_model
from lesions.models.test_time_augmentation import with_test_time_augmentation
from lesions.models.transfer import build_network
from lesions.params.paths import LEARNING_CURVES, MODEL, PREPARED
from lesions.params.schema import load_params
from lesions.runtime.console import run
from lesions.runtime.lock import exclusive_run, parent_process
from lesions.training.checkpoint import CHECKPOINTS, Checkpoint
from lesions.training.fingerprint import fingerprint, loaded_code
from lesions.training.fit import fit, set_seeds
from lesions.training.load import load_training_data
from lesions.training.log import LiveCurves, Progress, live_curves, print_start, write_summary


def main() -> None:
    """Run the stage in the current folder, alone."""
    with exclusive_run(CHECKPOINTS / "lock"):
        train()


def train() -> None:
    """From the first epoch, or from where a run of the same params, pictures and code was stopped."""
    params, code, starter = load_params(), loaded_code(), parent_process()
    set_seeds(params.seed, params.train.deterministic)
    data = load_training_data(read_manifest(PREPARED), params.image_size, params.rebalance, params.train.cache)
    model = build_network(params.model, len(data.classes), params.image_size)
    checkpoint = Checkpoint(CHECKPOINTS, fingerprint(params, data, code))
    print_start(params.model.name, model.count_params(), data, checkpoint)
    with live_curves(LEARNING_CURVES) as live:
        callbacks = [LiveCurves(live, checkpoint.history), Progress(params.epochs)]
        outcome = fit(model, data, params, callbacks, checkpoint)
        save_model(with_test_time_augmentation(params.model.views, model), MODEL)
    write_summary(LEARNING_CURVES, outcome, model.count_params())
    print(
        f"{MODEL}: {params.model.name} after epoch {outcome.kept_epoch} of {outcome.epochs}, balanced accuracy "
        f"{outcome.scores['val_balanced_accuracy']:.3f} on validation pictures; curves in {LEARNING_CURVES}: "
        "`dvc plots show`"
    )
    if parent_process() == starter:
        checkpoint.remove()
    else:
        print("what started this training is gone, so DVC knows nothing of it: `dvc repro` takes it over at once")


if __name__ == "__main__":
    run(main)
