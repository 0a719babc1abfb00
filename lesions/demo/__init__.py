"""Synthetic dermoscopy-like pictures with planted faults."""
