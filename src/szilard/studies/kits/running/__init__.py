"""What runs share while they are carried out: progress, threads, sizes."""
