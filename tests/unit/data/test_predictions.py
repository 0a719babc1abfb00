"""The predictions table: what is read is what evaluate wrote."""

from pathlib import Path

from lesions.data.predictions import read_predictions


def test_names_that_are_digits_stay_text(tmp_path: Path) -> None:
    """A picture 007.jpg is not picture 7: found by a benchmark whose files are numbered."""
    path = tmp_path / "predictions.csv"
    path.write_text("image_id,group,split,label,predicted,p_0,p_1\n007,007,test,0,1,.2,.8\n", encoding="utf-8")
    (row,) = read_predictions(path).to_dict("records")
    assert row == {
        "image_id": "007",
        "group": "007",
        "split": "test",
        "label": "0",
        "predicted": "1",
        "p_0": 0.2,
        "p_1": 0.8,
    }
