# The two commands are `make run` and `make test`; `make` alone lists them all.
bin := .venv/bin

# Half of a start is compiling modules when Python may not keep what it compiled.
unexport PYTHONDONTWRITEBYTECODE PYTHONPATH PYTHONHOME

.PHONY: help run test check coverage bench fmt lock clean sabotage kills chaos soak-rt soak-roundup soak-day rehearse
.SILENT:

help: ## list what can be made
	awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## triage the fixture inbox on an embedded fleet, and report
	.make/setup run
	exec $(bin)/triage run

test: check ## every check there is, then every test (ARGS="-k books" for some of them)
	exec .make/test $(ARGS)

check: ## format, lint, types and import contracts
	.make/setup dev
	.make/check

coverage: ## the tests once more, with the branches that none of them takes
	.make/setup dev
	exec $(bin)/python -m pytest --cov --cov-report=term-missing $(ARGS)

bench: ## this fleet beside a bare Celery chain, as a table
	.make/setup dev
	exec $(bin)/python -m tests.bench $(ARGS)

sabotage: ## plant each defect in turn and say which test catches it
	.make/setup dev
	exec $(bin)/python -m tests.sabotage

kills: ## kill a worker between an accepted write and its record (TIMES=500)
	.make/setup dev
	exec $(bin)/python -m tests.kills --times $(or $(TIMES),500)

chaos: ## a storm over a real fleet, and a verdict (SEED=7 MINUTES=15 LEDGER=sqlite|postgres)
	.make/setup dev
	exec $(bin)/python -m tests.chaos $(if $(SEED),--seed $(SEED)) --minutes $(or $(MINUTES),15) --ledger $(or $(LEDGER),sqlite) $(ARGS)

soak-rt: ## 2,000 writes to Request Tracker, whose answers are lost and which is killed (ARGS="--seed 2")
	.make/setup dev
	exec $(bin)/python -m tests.soak rt $(ARGS)

soak-roundup: ## 1,000 writes to Roundup, likewise
	.make/setup dev
	exec $(bin)/python -m tests.soak roundup $(ARGS)

soak-day: ## 24 hours of polling a Request Tracker whose clock is moved (ARGS="--seed 2 --hours 3")
	.make/setup dev
	exec $(bin)/python -m tests.soak.day rt $(ARGS)

rehearse: ## a scene of a provider's outage at full size, with its figures (SCENE=outage|fallback|bare|bare-for-ever|breaker|helpdesk|facts|caps|faults|credential|limit|helpdesk-limit|helpdesk-429|hung)
	.make/setup dev
	exec $(bin)/python -m tests.rehearsal $(or $(SCENE),outage) $(ARGS)

fmt: ## put the code into its form
	.make/setup dev
	$(bin)/ruff format
	$(bin)/ruff check --fix-only --quiet

lock: ## resolve requirements*.in into the locks (UPGRADE=1 for the newest)
	.make/setup run
	.make/lock

clean: ## take away the virtual environment and the caches, never the books
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
