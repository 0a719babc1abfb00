"""The tables and pictures that the stages share."""
