"""From raw pictures to labels, groups and splits without a known leak; the data audit."""
