"""Where every stage writes, relative to the project's folder: what dvc.yaml declares as outs, and nothing else.

No stage depends on this file, nor on the schema beside it: another path is another out in dvc.yaml, which DVC sees.
"""

from pathlib import Path

# demo
DEMO = Path("data/demo")
DEMO_FAULTS = Path("data/demo_faults.json")

# check
CHECK = Path("data/check.json")

# prepare
PREPARED = Path("data/prepared")
PREPARE_METRICS = Path("metrics/prepare.json")
PREPARE_PLOTS = Path("plots/prepare")
DATA_AUDIT = Path("reports/data_audit.html")

# analyze_imbalance
PLAN = Path("data/augmentation_plan.csv")
IMBALANCE_METRICS = Path("metrics/imbalance.json")
IMBALANCE_PLOTS = Path("plots/analyze_imbalance")

# augment
AUGMENTED = Path("data/augmented")
AUGMENT_PLOTS = Path("plots/augment")

# train
MODEL = Path("models/model.keras")
LEARNING_CURVES = Path("plots/train")

# evaluate
DECISION = Path("models/decision.json")
PREDICTIONS = Path("reports/predictions.csv")
SCORES = Path("reports/scores.json")
EVALUATE_METRICS = Path("metrics/evaluate.json")
EVALUATE_PLOTS = Path("plots/evaluate")

# report
REPORT = Path("reports/report.html")
REPORT_PLOTS = Path("plots/report")
FINDINGS = Path("reports/findings.md")
MODEL_CARD = Path("reports/model_card.md")
DATA_CARD = Path("reports/data_card.md")

# export
BUNDLE = Path("models/bundle")
EXPORT_METRICS = Path("metrics/export.json")
