"""What the README's figures are measured with: `python -m benchmarks.<name>`. Not part of the pipeline."""
