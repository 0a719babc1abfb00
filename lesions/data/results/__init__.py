"""The JSON files that stages hand on, one typed model a file: what a stage writes is what every reader knows."""
