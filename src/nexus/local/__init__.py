"""How does all of it run on one machine?

`up.py` is the sentence: databases, migrations, simulated exchange, demo data, web and worker.
"""
