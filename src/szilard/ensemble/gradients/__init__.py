"""Gradients of stacked members, as sums over examples."""
