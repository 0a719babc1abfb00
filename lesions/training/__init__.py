"""Batches, callbacks, checkpoints, optimizers: how a network is trained."""
