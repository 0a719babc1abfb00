"""What is true: claims of the write-ups and comparisons of recipes, each by one command."""
