"""Your exchange accounts and keys; the only code that speaks to a venue."""
