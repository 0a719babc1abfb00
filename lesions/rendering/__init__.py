"""Figures, heat maps, HTML and Markdown pages, number formats."""
