# Everything this project does, by name. `make help` lists it.

CARGO ?= cargo
BIN := target/release/mesh
PLUGINS := dist/plugins/echo.wasm

.PHONY: help run setup setup-test build plugins conformance test check gen bench soak fmt clean

help: ## List these commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|'

run: setup build plugins ## Build what is missing and start the server on this machine
	$(BIN) serve

setup: ## Install what building needs and this machine lacks
	@scripts/setup run

setup-test: ## Install what testing needs and this machine lacks
	@scripts/setup test

build: ## Build the server
	$(CARGO) build --release --package mesh-server

plugins: ## Build the bots that ship with the server
	@scripts/build-guest plugins

conformance: setup-test ## Test the SDKs of other languages, and build one bot in each
	scripts/conformance

test: setup-test plugins ## Run every test
	scripts/test

check: ## Check format, lints and generated files
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	$(CARGO) xtask check

gen: ## Write the generated files again
	$(CARGO) xtask gen

bench: setup build plugins conformance ## Measure, and write docs/performance.md
	@scripts/build-guest tests/guests
	$(CARGO) build --release --package mesh-bench
	sync # what the build wrote would be written while the disk is measured
	$(CARGO) run --release --package mesh-bench

soak: setup-test plugins conformance ## Run the storm for ten minutes, or MESH_STORM seconds; kill the server 100 times, or MESH_KILLS; try a million components, or MESH_COMPONENTS
	@scripts/build-guest tests/guests
	MESH_STORM=$${MESH_STORM:-600} scripts/clients
	MESH_KILLS=$${MESH_KILLS:-100} $(CARGO) nextest run --package mesh-tests --package mesh-server -E 'test(every_acknowledged)'
	MESH_COMPONENTS=$${MESH_COMPONENTS:-1000000} MESH_COMPONENTS_SEED=$${MESH_COMPONENTS_SEED:-$$(date +%s)} $(CARGO) nextest run --package mesh-wasm --success-output final -E 'test(hostile::)'

fmt: ## Format
	$(CARGO) fmt --all

clean: ## Remove what was built
	$(CARGO) clean
	rm -rf dist tests/conformance/rust/target plugins/target guest-sdk/rust/target tests/guests/target tests/golden/*/target
