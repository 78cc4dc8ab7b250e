"""What your tier allows."""
