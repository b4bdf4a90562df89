"""What evaluating a model changes beside its output, found and put back: the run goes on as if nobody had looked."""
