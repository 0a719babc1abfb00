"""The results of a run in sentences: report, findings, model card, data card."""
