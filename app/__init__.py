"""Commands for people who have a trained model or finished experiments: `python -m app`."""
