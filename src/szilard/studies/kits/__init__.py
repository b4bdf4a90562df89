"""What several studies share and none of them owns."""
