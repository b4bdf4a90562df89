"""The page that follows records while they are written: on this machine only, without torch."""
