"""The study of efficiency of learning against sampler steps and updates."""
