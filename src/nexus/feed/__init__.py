"""What you see live."""
