# The scripts in bin/ are the truth; this file only calls them.
.PHONY: run test lint check bench setup

run:
	@bin/run

test:
	@bin/test

lint:
	@bin/lint

check:
	@bin/check

bench:
	@bin/bench

setup:
	@bin/setup
