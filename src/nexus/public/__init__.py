"""What anybody may see, signed in or not."""
