"""The study of one run, watched."""
