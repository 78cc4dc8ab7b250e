"""What people are told when they are not looking: on their phones, and by mail."""
