"""The tables and pictures that one stage hands to the next."""
