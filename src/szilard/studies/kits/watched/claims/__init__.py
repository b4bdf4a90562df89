"""Claims that are held against any record of one watched training."""
