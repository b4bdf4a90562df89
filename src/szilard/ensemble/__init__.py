"""Ensembles of trainings: designs of tasks, datasets and seeds, and the trainer that runs all members at once."""
