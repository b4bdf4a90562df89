"""The study of one run whose X is sampled."""
