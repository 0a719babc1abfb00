"""Turn raw pictures into a manifest, splits without a known leak, and pictures of one size; audit them on the way."""

from pathlib import Path

from lesions import figures, overview
from lesions.audit_findings import examine, sections
from lesions.audit_report import write_audit
from lesions.console import run
from lesions.manifest import PREPARED, mark
from lesions.outputs import whole_folder, write_json
from lesions.params import load_params
from lesions.preparation import prepare
from lesions.summary import summarise, tell


def main() -> None:
    params = load_params()
    dataset = Path(params.dataset)
    with whole_folder(PREPARED) as folder:
        prepared = prepare(dataset, Path(params.labels), params.image_size, params.prepare, folder)
        examined = examine(prepared, folder)
    with whole_folder("plots/prepare") as plots:
        ending = mark(prepared.used)
        figures.save(overview.splits_chart(prepared.pictures, ending), plots / "splits.png")
        figures.save(overview.sheet(prepared.used, PREPARED, ending), plots / "pictures.png")
    summary = {**summarise(prepared), "audit": examined.numbers}
    write_json("metrics/prepare.json", summary)
    write_audit(Path("reports/data_audit.html"), dataset, prepared, summary, sections(examined, prepared, dataset))
    print(tell(summary))


if __name__ == "__main__":
    run(main)
