"""The parameters: the typed, strict schema of params.yaml, and the paths of the pipeline."""
