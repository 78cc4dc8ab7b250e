"""What you run: a strategy on a symbol, with an allocation, on one account."""
