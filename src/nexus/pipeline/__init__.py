"""The sentence: the five stages, in order. Only this folder knows the order."""
