"""Export of a trained model as a bundle, and its parity check against the evaluation."""
