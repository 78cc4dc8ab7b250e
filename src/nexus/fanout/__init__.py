"""Stage 4. For whom, and how much?"""
