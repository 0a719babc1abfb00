"""Makes the bundle that a model is used from, and checks it against the evaluation."""
