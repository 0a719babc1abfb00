"""Benchmarks behind the figures in the README: `python -m benchmarks.<name>`. Not part of the pipeline."""
