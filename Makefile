# The scripts in bin/ are the truth; this file only calls them.
.PHONY: run test lint check bench prove setup

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

prove:
	@bin/prove

setup:
	@bin/setup
