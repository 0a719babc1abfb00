"""Studies: claims of the write-ups and comparisons of recipes, each reproduced by one command."""
