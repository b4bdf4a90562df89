"""The study of an ensemble of trainings, and the information that only many have."""
