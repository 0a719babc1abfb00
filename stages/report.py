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
    results = read_run_results()
    warning = [SYNTHETIC_WARNING] if results.synthetic else []
    sections = findings(results, params.rebalance.method, params.evaluate.target_sensitivity)
    fit = fit_assessment(results)
    chart = learning_curves_chart(
        results.curves, results.training["kept_epoch"], fit.verdict, title_suffix(results.manifest)
    )
    figures.save(chart, REPORT_PLOTS / "learning_curves.png")
    write_markdown(FINDINGS, "Findings", [*warning, "Research software, not a medical device."], sections)
    write_markdown(MODEL_CARD, "Model card", [*warning, DISCLAIMER], model_card(results, params))
    write_markdown(DATA_CARD, "Data card", warning, data_card(results))
    write_page(REPORT, results, sections)
    print(f"{fit.verdict}\n{REPORT}: the findings, with charts; {MODEL_CARD}, {DATA_CARD.name}")


if __name__ == "__main__":
    run(main)
