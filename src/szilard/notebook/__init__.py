"""What notebooks show: one look for everything, readable on light and on dark ground, with nothing fetched."""
