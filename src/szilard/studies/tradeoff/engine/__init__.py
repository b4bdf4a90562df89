"""What carries the run out, step by step."""
