"""Augmentor's operations, applied per picture and seed."""
