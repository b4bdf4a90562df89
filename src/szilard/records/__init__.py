"""Records on disk: what a run measured, written so that a kill loses nothing and any Zarr reader can open it."""
