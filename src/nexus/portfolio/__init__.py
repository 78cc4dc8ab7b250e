"""What you have and did: positions, trades, results, and files of them to take along."""
