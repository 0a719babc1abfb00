"""Say what was found: findings, report, model card and data card, from what the other stages wrote. No TensorFlow."""

from lesions.data.manifest import mark
from lesions.evaluation import charts
from lesions.params.schema import load_params
from lesions.rendering import figures
from lesions.rendering.markdown import write_markdown
from lesions.reports.data_card import LOUD, data_card
from lesions.reports.findings import findings, judged
from lesions.reports.model_card import HARM, model_card
from lesions.reports.page import write_page
from lesions.reports.run_results import read_evidence
from lesions.runtime.console import run

CURVES = "plots/report/learning_curves.png"


def main() -> None:
    params = load_params()
    evidence = read_evidence()
    loud = [LOUD] if evidence.synthetic else []
    sections = findings(evidence, params.rebalance.method, params.evaluate.target_sensitivity)
    fit = judged(evidence)
    kept = evidence.training["kept_epoch"]
    figures.save(charts.learning_curves_chart(evidence.curves, kept, fit.verdict, mark(evidence.manifest)), CURVES)
    write_markdown("reports/findings.md", "Findings", [*loud, "Research software, not a medical device."], sections)
    write_markdown("reports/model_card.md", "Model card", [*loud, HARM], model_card(evidence, params))
    write_markdown("reports/data_card.md", "Data card", loud, data_card(evidence))
    write_page("reports/report.html", evidence, sections)
    print(f"{fit.verdict}\nreports/report.html: the findings, with charts; reports/model_card.md, data_card.md")


if __name__ == "__main__":
    run(main)
