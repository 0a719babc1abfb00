"""Shared tools of the commands: error messages, atomic outputs, a parallel map, a lock."""
