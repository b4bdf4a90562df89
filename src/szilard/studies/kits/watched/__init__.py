"""What all records of one watched training share: their rows, what moved the model, and what that says."""
