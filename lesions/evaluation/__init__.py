"""What the evaluate stage does with the test pictures."""
