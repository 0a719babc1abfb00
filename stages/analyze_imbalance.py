"""Find the rare and the dominating classes, and plan how many new training pictures each gets.

Reads the tables of the prepare stage; writes the findings, the plan, and a chart with the numbers behind it.
"""

from lesions.data.manifest import read_excluded, read_manifest
from lesions.params.paths import IMBALANCE_METRICS, IMBALANCE_PLOTS, PLAN, PREPARED
from lesions.params.schema import load_params
from lesions.preparation import imbalance
from lesions.preparation.imbalance_chart import class_distribution_chart
from lesions.rendering import figures
from lesions.runtime.console import run
from lesions.runtime.outputs import whole_folder, write_csv


def main() -> None:
    """Run the stage in the current folder."""
    rebalance = load_params().rebalance
    excluded = read_excluded(PREPARED)
    table = imbalance.plan(imbalance.count_classes(read_manifest(PREPARED), excluded), rebalance)
    summary = imbalance.summarize(table, excluded, rebalance)

    summary.write(IMBALANCE_METRICS)
    write_csv(PLAN, table[table["n_usable"] > 0])
    with whole_folder(IMBALANCE_PLOTS) as folder:
        write_csv(folder / "class_distribution.csv", table)
        chart = class_distribution_chart(table, rebalance)
        figures.save(chart, folder / "class_distribution.png")
    print("\n".join(summary.findings))


if __name__ == "__main__":
    run(main)
