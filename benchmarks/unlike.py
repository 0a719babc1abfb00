"""How often a picture of something else passes for a lesion: photographs that ship with scikit-image and scikit-learn.

`python -m benchmarks.unlike` asks a bundle (`dvc repro export`) about each of them: cats, coins, galaxies, pages. What
is not called 'unlike the training pictures' is a false accept; test pictures of the pipeline that are, false rejects.
SciPy's only photograph has to be downloaded and is left out. Photographs of things are an easy test: a rash, a scar or
another camera may well pass.
"""

import argparse
import io
from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data
from sklearn.datasets import load_sample_images

from lesions.bundle import BUNDLE, Bundle
from lesions.console import run
from lesions.images import Pixels, read_pixels
from lesions.intervals import wilson
from lesions.manifest import PREPARED, read_manifest

PHOTOGRAPHS = (  # of scikit-image, those that need no download; drawings and single cells are none
    "astronaut", "brick", "camera", "cat", "clock", "coffee", "coins", "grass", "gravel", "hubble_deep_field",
    "immunohistochemistry", "microaneurysms", "moon", "page", "retina", "rocket", "text",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.unlike", description=__doc__)
    parser.add_argument("--model", type=Path, default=BUNDLE, metavar="DIR")
    bundle = Bundle.load(parser.parse_args().model)
    rule = bundle.about.unlike_training
    print(f"model {bundle.about.version}; unlike from a distance of {rule.threshold:.2f}, which is to let pass")
    print(f"{rule.accepted:.0%} of pictures like the {rule.n_validation} validation pictures\n")
    accepted = 0
    for name, pixels in sorted(photographs().items()):
        (said,) = bundle.predict(bundle.pixels(_as_png(pixels))[None])
        accepted += not said.unlike_training
        verdict = "unlike" if said.unlike_training else "FALSE ACCEPT"
        print(f"{name:22}{said.distance:7.2f}  {verdict}, otherwise {said.label} ({said.probability:.2f})")
    n = len(photographs())
    low, high = wilson(accepted / n, n)
    print(f"\nfalse accepts: {accepted} of {n} photographs ({accepted / n:.0%}, 95 % interval {low:.0%} to {high:.0%})")
    manifest = read_manifest()
    paths = [PREPARED / path for path in manifest.loc[manifest["split"] == "test", "path"]]
    rejected = sum(bundle.predict(read_pixels(path)[None])[0].unlike_training for path in paths)
    low, high = wilson(rejected / len(paths), len(paths))
    print(f"false rejects: {rejected} of {len(paths)} test pictures in {PREPARED}", end=" ")
    print(f"({rejected / len(paths):.0%}, 95 % interval {low:.0%} to {high:.0%})")


def photographs() -> dict[str, Pixels]:
    """Pixels (height, width) or (height, width, 3) of each photograph, by its name."""
    found = {name: getattr(data, name)() for name in PHOTOGRAPHS}
    found["motorcycle"] = data.stereo_motorcycle()[0]
    samples = load_sample_images()
    return found | {Path(name).stem: pixels for name, pixels in zip(samples.filenames, samples.images, strict=True)}


def _as_png(pixels: Pixels) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.asarray(pixels, dtype=np.uint8)).save(file, "PNG")
    return file.getvalue()


if __name__ == "__main__":
    run(main, way_back="Nothing was changed.")
