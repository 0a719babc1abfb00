"""What every long-running command needs: progress, errors, atomic outputs, a parallel map, a lock."""
