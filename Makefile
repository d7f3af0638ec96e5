# Node 24 comes from the npm package `node`; the rest of the tool chain from pinned Go modules (deploy/local).
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
# Its install script would fetch libraries for GPUs, which nothing here uses.
export ONNXRUNTIME_NODE_INSTALL := skip
.DEFAULT_GOAL := help
.PHONY: help setup demo up test unit soak soak-billing lint typecheck generate contracts token trace replay receipt explain verify rebuild export release-image bench-matching bench-delivery bench-recognition bench-liveness bench-accuracy bench-billing

help: ## List the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

node_modules/.package-lock.json: package-lock.json
	@command -v npm >/dev/null || { echo "parley: npm is missing; install Node.js 20.19 or newer (it carries npm), then run this again" >&2; exit 1; }
	@echo "parley: installing about 600 npm packages (300 MB to download the first time; half a minute to a few minutes)"
	@npm ci --loglevel=error
	@touch $@

setup: node_modules/.package-lock.json ## Install npm packages and build nats-server, the database, grpcurl and the nats CLI
	@node deploy/local/src/tools-main.ts >/dev/null

demo: setup ## Play one call through all services, print it, and check the bill
	@node deploy/local/demo/demo-main.ts

up: setup ## Start everything and keep it running
	@node deploy/local/src/up-main.ts

test: setup ## Everything that must hold: contracts, types, lint, unit, integration and end-to-end tests
	@node scripts/test.ts

unit: setup ## Tests without I/O only
	npm run -s jest -- unit.spec

soak: setup ## Event delivery under load, kills, pauses and a broker restart: make soak [SEED=<number>]
	@node tests/chaos/src/soak-main.ts

soak-billing: setup ## Charging of 10,000 calls under kills, pauses and a database restart: make soak-billing [SEED=<number>] [CALLS=<number>]
	@node tests/chaos/src/charging/charging-main.ts

lint: node_modules/.package-lock.json ## Style and the borders between folders
	npm run -s lint

typecheck: node_modules/.package-lock.json ## Types
	npm run -s typecheck

generate: node_modules/.package-lock.json ## Generate libs/contracts from proto
	node scripts/generate-contracts.ts

contracts: node_modules/.package-lock.json ## Lint proto, check that generated code is current and that nothing breaks the last release
	buf lint
	node scripts/generate-contracts.ts --check
	buf breaking --against proto/released.binpb

release-image: node_modules/.package-lock.json ## Make the contracts of now the ones that later changes must not break
	buf build -o proto/released.binpb

token: node_modules/.package-lock.json ## Mint a token: make token ACCOUNT=acme SUB=client:alice SCOPE=device
	@node deploy/local/src/token-main.ts

replay: node_modules/.package-lock.json ## Recompute a call's reaction events from what recognition measured (after make up): make replay CALL=<id>
	@node deploy/local/src/replay-main.ts "$(CALL)"

receipt: setup ## Write a call's receipt as a page (after make up): make -s receipt CALL=<id> [ACCOUNT=acme] [COPY=payer|counterpart] [PAYER=caller|callee] > receipt.html
	@node deploy/local/src/receipt-main.ts "$(CALL)" "$(ACCOUNT)" "$(COPY)" "$(PAYER)"

export: setup ## Write an account's usage (after make up): make -s export [ROWS=calls|entries] [FORMAT=csv|jsonl|cloudevents] [FROM=] [TO=] [ACCOUNT=acme] > usage.csv
	@node deploy/local/src/export-main.ts --rows="$(ROWS)" --format="$(FORMAT)" --from="$(FROM)" --to="$(TO)" --account="$(ACCOUNT)"

explain: setup ## Recompute a call's receipt from its published events (after make up): make explain CALL=<id> [ACCOUNT=acme] [PAYER=caller|callee]
	@node deploy/local/src/explain-main.ts "$(CALL)" "$(ACCOUNT)" "$(PAYER)"

verify: node_modules/.package-lock.json ## Prove that all balances follow from the ledger (after make up)
	@node deploy/local/src/verify-main.ts

rebuild: node_modules/.package-lock.json ## Rebuild billing's database from the streams, into another one (after make up): make rebuild [DATABASE=parley_billing_rebuilt]
	@node deploy/local/src/rebuild-main.ts "$(DATABASE)"

trace: node_modules/.package-lock.json ## Print the trace of a call: make trace CALL=<id>
	@node deploy/local/src/trace-main.ts "$(CALL)"

bench-matching: node_modules/.package-lock.json ## Measure the index of filters against the naive loop
	@node tests/bench/src/matching-main.ts

bench-delivery: setup ## Measure delivery against nats.js alone and bare POSTs: all, or make bench-delivery PARTS="grpc latency sse webhooks"
	@node tests/bench/src/delivery-main.ts $(PARTS)

bench-recognition: node_modules/.package-lock.json ## Measure the recognition of faces against face-api, and that of voices
	@node tests/bench/src/recognition-main.ts
	@node tests/bench/src/recognition-load-main.ts

bench-billing: setup ## Measure rating, what billing consumes a second, and the length of its ledger: all, or make bench-billing PARTS="rating consumption ledger"
	@node tests/bench/src/billing-main.ts $(PARTS)

bench-accuracy: node_modules/.package-lock.json ## Measure how far recognition is from the script, in charged seconds, over thousands of calls
	@node tests/bench/src/accuracy-main.ts

bench-liveness: node_modules/.package-lock.json ## Measure what passes for a person before a camera, and which person does not
	@node tests/bench/src/liveness-main.ts
