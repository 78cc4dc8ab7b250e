"""What do we send? Mails, written down in the same transaction as what they tell of."""
