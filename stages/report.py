"""Write the findings, the report, the model card and the data card from what the other stages wrote."""

from lesions.data.manifest import title_suffix
from lesions.params.paths import DATA_CARD, FINDINGS, MODEL_CARD, REPORT, REPORT_PLOTS
from lesions.params.schema import load_params
from lesions.rendering import figures
from lesions.rendering.markdown import write_markdown
from lesions.reports.data_card import SYNTHETIC_WARNING, data_card
from lesions.reports.findings import findings, fit_assessment
from lesions.reports.learning_curves_chart import learning_curves_chart
from lesions.reports.model_card import DISCLAIMER, model_card
from lesions.reports.page import write_page
from lesions.reports.run_results import read_run_results
from lesions.runtime.console import run


def main() -> None:
    params = load_params()
    evidence = read_run_results()
    loud = [SYNTHETIC_WARNING] if evidence.synthetic else []
    sections = findings(evidence, params.rebalance.method, params.evaluate.target_sensitivity)
    fit = fit_assessment(evidence)
    kept = evidence.training["kept_epoch"]
    chart = learning_curves_chart(evidence.curves, kept, fit.verdict, title_suffix(evidence.manifest))
    figures.save(chart, REPORT_PLOTS / "learning_curves.png")
    write_markdown(FINDINGS, "Findings", [*loud, "Research software, not a medical device."], sections)
    write_markdown(MODEL_CARD, "Model card", [*loud, DISCLAIMER], model_card(evidence, params))
    write_markdown(DATA_CARD, "Data card", loud, data_card(evidence))
    write_page(REPORT, evidence, sections)
    print(f"{fit.verdict}\n{REPORT}: the findings, with charts; {MODEL_CARD}, {DATA_CARD.name}")


if __name__ == "__main__":
    run(main)
