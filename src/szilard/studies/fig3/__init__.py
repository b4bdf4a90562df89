"""The study of the paper's Figure 3."""
