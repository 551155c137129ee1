# Rectify. `make` alone lists what can be done.

SWIFT  ?= swift
DEMO   ?= .build/release/rectify
REPORT ?= rectify-report.html

# No test watches the clock. Those that start servers of their own, each of several processes, run one after another so
# that the machine's memory holds them; those that keep every processor busy for minutes run last.
SERVER := CommandTests.CommandTests|OperatingTests|StartTests|DescriptorTests|TwoServersTests|ReportCommandTests|TriageTests|TourTests|CommandTests.PeopleDirectoryTests
HEAVY  := WalkTests|CrowdTests|SearchTests|LaneTests
# Those that kill servers again and again: `make test-long`.
LONG   := LongTests
# The others, so many at a time: each has a database and some a server of its own.
WIDTH  := --experimental-maximum-parallelization-width 6

.DEFAULT_GOAL := help
.PHONY: help setup build demo run test test-long lint format bench clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install what is missing on this machine (Debian packages)
	@.make/setup

build: setup ## Build the release
	@echo "building the release; the first time takes some minutes"
	@$(SWIFT) build -c release --product rectify

demo: build ## Show the product: 80 real-looking complaints, worked by officers, to a campaign report
	@REPORT="$(abspath $(REPORT))" Config/demo/run.sh $(DEMO)

run: build ## Start the server with a database of its own; Ctrl-C stops both
	@$(DEMO) up

test: ## Run every test, on a real PostgreSQL
	@.make/setup curl tmux openssl chromium fonts-noto-cjk default-jre-headless python3-venv glewlwyd
	@.make/checkers
	@$(SWIFT) build --build-tests
	@.make/test quick $(WIDTH) --skip '$(SERVER)|$(HEAVY)|$(LONG)'
	@.make/test server --no-parallel --filter '$(SERVER)'
	@.make/test heavy --filter '$(HEAVY)'

test-long: ## Run the tests that take minutes, and let schemathesis and a fuzzer try the live server
	@.make/setup tmux openssl python3-venv haproxy libfaketime
	@$(SWIFT) build --build-tests
	@.make/test long --no-parallel --filter '$(LONG)'
	@echo 'fault | kind | runs | acknowledged | lost | doubled | refused | unanswered | seconds until filings were taken again'
	@grep '^fault |' .build/test-long.log
	@.make/contract .build/debug/rectify
	@.make/fuzz .build/debug/rectify

lint: ## Check form: swift-format, strictly
	@$(SWIFT) format lint --strict --recursive Sources Tests Package.swift
	@echo "lint: clean"

format: ## Bring the sources into form
	@$(SWIFT) format --in-place --recursive Sources Tests Package.swift

bench: build ## Measure reading, filing, and searching a million complaints, beside pgbench with the same SQL
	@.make/setup wrk curl
	@.make/bench $(DEMO)
	@.make/bench $(DEMO) file
	@.make/bench $(DEMO) import
	@.make/bench $(DEMO) search

clean: ## Remove everything that was built
	@rm -rf .build $(REPORT)
