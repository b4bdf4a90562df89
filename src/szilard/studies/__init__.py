"""What szilard can be asked: one folder a study, from its spec to its page."""
