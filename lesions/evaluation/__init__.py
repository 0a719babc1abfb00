"""Evaluation on the test pictures: predictions, scores, baselines, charts, contact sheets, Grad-CAM."""
