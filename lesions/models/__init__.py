"""Networks, their initial weights, prediction, test-time augmentation. Imports TensorFlow."""
