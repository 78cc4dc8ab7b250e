"""Stage 2. What would we do?"""
