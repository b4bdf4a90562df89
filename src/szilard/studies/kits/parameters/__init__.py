"""The parameters as a heat reservoir: the paper's Sections 5 and 6 as claims, and what a record says of them."""
