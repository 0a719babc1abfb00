"""What a run found, in sentences: report, findings, model card, data card."""
