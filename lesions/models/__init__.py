"""Networks, their first weights, prediction, test-time augmentation. Imports TensorFlow."""
