"""Plumbing without business words: the database, the queue, the clock, the web."""
