"""The bundle of an exported model: reading and running it. Imports neither TensorFlow nor pandas nor SciPy."""
