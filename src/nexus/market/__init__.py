"""Stage 1. What is the price?"""
