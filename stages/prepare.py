"""Turn raw pictures into a manifest, splits without a known leak, and pictures of one size; audit them on the way."""

from pathlib import Path

from lesions.data.manifest import title_suffix
from lesions.params.paths import DATA_AUDIT, PREPARE_METRICS, PREPARE_PLOTS, PREPARED
from lesions.params.schema import load_params
from lesions.preparation import charts
from lesions.preparation.audit_findings import audit_prepared, sections
from lesions.preparation.audit_page import write_audit
from lesions.preparation.prepare import prepare
from lesions.preparation.summary import summarise, summary_text
from lesions.rendering import figures
from lesions.runtime.console import run
from lesions.runtime.outputs import whole_folder


def main() -> None:
    params = load_params()
    dataset = Path(params.dataset)
    with whole_folder(PREPARED) as folder:
        prepared = prepare(dataset, Path(params.labels), params.image_size, params.prepare, folder)
        audit_results = audit_prepared(prepared, folder)
    with whole_folder(PREPARE_PLOTS) as plots:
        suffix = title_suffix(prepared.used)
        figures.save(charts.splits_chart(prepared.pictures, suffix), plots / "splits.png")
        figures.save(charts.sheet(prepared.used, PREPARED, suffix), plots / "pictures.png")
    summary = summarise(prepared, audit_results.counts)
    summary.write(PREPARE_METRICS)
    write_audit(DATA_AUDIT, dataset, prepared, summary, sections(audit_results, prepared, dataset))
    print(summary_text(summary))


if __name__ == "__main__":
    run(main)
