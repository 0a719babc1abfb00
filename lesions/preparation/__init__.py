"""Selection, groups and splits of the raw pictures, and the data audit."""
