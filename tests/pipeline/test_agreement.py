"""The page, the command line and the evaluation say the same of the same pictures: one preprocessing, one network."""

import json
import subprocess
import sys
from urllib.request import Request, urlopen

import pandas as pd
import yaml

from tests.imports import REPOSITORY
from tests.pipeline.conftest import Project
from tests.web.conftest import serving

TOLERANCE = 1e-4


def test_page_command_line_and_evaluation_agree(finished: Project) -> None:
    """Three ways to decode a picture would be three models, and the scores would be those of none that is used."""
    folder = finished.folder
    dataset = folder / yaml.safe_load((folder / "params.yaml").read_text(encoding="utf-8"))["dataset"]
    manifest = pd.read_csv(folder / "data/prepared/manifest.csv", dtype=str)
    predictions = pd.read_csv(folder / "reports/predictions.csv").merge(manifest[["image_id", "source"]], on="image_id")
    columns = [column for column in predictions.columns if str(column).startswith("p_")]
    evaluated = predictions[columns].to_numpy()
    paths = [dataset / source for source in predictions["source"]]

    command = [sys.executable, "-m", "app.predict", *map(str, paths), "--model", str(folder / "models/bundle")]
    done = subprocess.run([*command, "--format", "json"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    told = [list(row["probabilities"].values()) for row in json.loads(done.stdout)]

    served = []
    with serving(folder / "models" / "bundle") as server:
        for path in paths:
            request = Request(f"{server.url}api/predict", path.read_bytes())  # noqa: S310
            with urlopen(request) as answer:  # noqa: S310
                served.append(list(json.load(answer)[0]["probabilities"].values()))
        with urlopen(server.url + "model") as answer:  # noqa: S310
            assert answer.read().count(b'<img src="/charts/') == 4, "the charts of evaluate belong to the model"

    assert len(paths) >= 10
    assert abs(evaluated - pd.DataFrame(told).to_numpy()).max() < TOLERANCE
    assert abs(evaluated - pd.DataFrame(served).to_numpy()).max() < TOLERANCE
