"""Stage 3. May we do it now?"""
