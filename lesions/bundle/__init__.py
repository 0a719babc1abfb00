"""Reads and runs an exported model. Imports neither TensorFlow nor pandas nor SciPy."""
