"""Stage 5. Do it once, and know it."""
