"""Scores with intervals, calibration, conformal sets, endpoints, thresholds, subgroups, probes."""
