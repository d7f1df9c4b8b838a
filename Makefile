# One command each: `make help` lists them. Every target works from a clean checkout.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
.SUFFIXES:

# Outside the checkout: a second checkout reuses what the first one compiled.
export CARGO_TARGET_DIR ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/cairn/target

# Arguments for the script behind demo, bench and clean: make demo ARGS="--scenario city"
ARGS ?=

MDBOOK_VERSION := 0.5.4
MDBOOK_ROOT := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/cairn/mdbook-$(MDBOOK_VERSION)
MANIFESTS := $(wildcard node/Cargo.toml runtime/Cargo.toml pallets/*/Cargo.toml \
	primitives/*/Cargo.toml clients/*/Cargo.toml fuzz/Cargo.toml zombienet/Cargo.toml)
CRATES = $(shell awk '/^\[/ { package = $$0 == "[package]" } \
	package && $$1 == "name" { gsub(/"/, "", $$3); print $$3 }' $(MANIFESTS))

ifndef CAIRN_START
export CAIRN_START := $(shell date +%s)
endif
BOLD := $(if $(NO_COLOR),,$(if $(MAKE_TERMOUT),$(shell printf '\033[1m')))
PLAIN := $(if $(BOLD),$(shell printf '\033[0m'))

# $(call say,step,what): where the run is, and how long it has taken.
define say
@t=$$(( $$(date +%s) - $(CAIRN_START) )); \
	printf '%s==> [%s] %s%s (after %d:%02d min)\n' '$(BOLD)' '$(1)' '$(2)' '$(PLAIN)' $$((t / 60)) $$((t % 60))
endef

.PHONY: help
help: ## List the targets
	@printf 'Cairn: a chain for physical infrastructure. Start with: make demo\n\n'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %s%-12s%s %s\n", "$(BOLD)", $$1, "$(PLAIN)", $$2 }' \
		$(firstword $(MAKEFILE_LIST))
	@printf '\nBuilds go to %s (CARGO_TARGET_DIR).\n' '$(CARGO_TARGET_DIR)'

.PHONY: setup
setup: ## Install what building and testing needs (scripts/setup --help)
	@scripts/setup

# Node.js is for tests only: who wants to run a node need not have it.
.PHONY: setup-build
setup-build:
	@scripts/setup --without-js

.PHONY: build
build: setup-build ## Build the node (cairn-node) and the command (cairn)
	$(call say,1/1,building cairn-node and cairn)
	cargo build --locked --workspace --bins
	@printf 'built %s/debug/cairn-node and %s/debug/cairn\n' '$(CARGO_TARGET_DIR)' '$(CARGO_TARGET_DIR)'

.PHONY: demo
demo: build ## Run a local chain and a story on it: a device is paid, a city is asked (ARGS)
	$(call say,demo,starting)
	@scripts/demo $(ARGS)

# Stories of networks of several nodes: those that `make test` has time for, and the others.
NETWORK_TESTS := finality crash partition missing_source light_client equivocation join_leave
NETWORK_LONG := warp upgrade
NETWORK_RUN = cargo test --locked --workspace --features cairn-network-tests/stories \
	$(addprefix --test ,$(1)) -- --show-output

.PHONY: test
test: setup ## Run every test: unit, end to end against real nodes, networks, JavaScript client
	$(call say,test 1/4,building the binaries that the end-to-end tests start)
	cargo build --locked --workspace --bins
	$(call say,test 2/4,Rust tests)
	cargo test --locked --workspace
	$(call say,test 3/4,networks of several nodes)
	$(call NETWORK_RUN,$(NETWORK_TESTS))
	$(call say,test 4/4,JavaScript tests)
	@scripts/test-js

.PHONY: test-network
test-network: setup build ## Run every story of networks of several nodes
	$(call say,test-network 1/2,building the runtime that the upgrade story votes in)
	@scripts/upgrade-wasm
	@scripts/try-runtime --next --build
	$(call say,test-network 2/2,stories)
	$(call NETWORK_RUN,$(NETWORK_TESTS) $(NETWORK_LONG))

.PHONY: fuzz
fuzz: setup-build ## Fuzz what reads strangers' bytes (ARGS: scripts/fuzz --help)
	@scripts/fuzz $(ARGS)

.PHONY: zombienet
zombienet: build ## Run a local network of five nodes by zombienet, with a gateway (ARGS)
	@scripts/zombienet $(ARGS)

.PHONY: pr
pr: lint test ## Tell whether a change is good: lint, then test
	$(call say,pr,good)

.PHONY: lint
lint: setup ## Check format, clippy, the lint wall of on-chain code, documents, rustdoc
	$(call say,lint 1/6,format)
	cargo fmt --all -- --check
	$(call say,lint 2/6,clippy)
	SKIP_WASM_BUILD=1 cargo clippy --locked --workspace --all-targets \
		--features cairn-network-tests/stories -- -D warnings
	$(call say,lint 3/6,the lint wall: what runs on chain)
	@scripts/lint-wasm
	$(call say,lint 4/6,alarms and dashboard)
	@scripts/check-monitoring
	$(call say,lint 5/6,what documents link to and name)
	@scripts/check-docs
	$(call say,lint 6/6,rustdoc)
	SKIP_WASM_BUILD=1 RUSTDOCFLAGS='-D warnings' cargo doc --locked --workspace --no-deps

.PHONY: fmt
fmt: ## Format the Rust code
	cargo fmt --all

.PHONY: bench
bench: setup-build ## Measure weights and throughput on this machine (ARGS)
	$(call say,bench,starting)
	@scripts/bench $(ARGS)

.PHONY: bench-ingest
bench-ingest: setup-build ## Measure what a gateway takes on this machine, release profile (ARGS)
	$(call say,bench-ingest,starting)
	@scripts/bench ingest $(ARGS)

.PHONY: try-runtime
try-runtime: build ## Upgrade the state of a live chain on the side, and check it (ARGS)
	$(call say,try-runtime,starting)
	@scripts/try-runtime $(ARGS)

.PHONY: release-diff
release-diff: setup-build ## Show what of the runtime's surface has changed since the last release (ARGS)
	@scripts/release-diff $(ARGS)

.PHONY: docs
docs: setup-build $(MDBOOK_ROOT)/bin/mdbook ## Build the book (docs/book) and the rustdoc of every crate
	$(call say,docs 1/2,book)
	$(MDBOOK_ROOT)/bin/mdbook build docs
	$(call say,docs 2/2,rustdoc)
	SKIP_WASM_BUILD=1 RUSTDOCFLAGS='-D warnings' cargo doc --locked --workspace --no-deps
	@printf 'read docs/book/index.html and %s/doc/cairn_runtime/index.html\n' '$(CARGO_TARGET_DIR)'

$(MDBOOK_ROOT)/bin/mdbook:
	$(call say,docs,installing mdbook $(MDBOOK_VERSION) once)
	cargo install mdbook --version $(MDBOOK_VERSION) --locked --root '$(MDBOOK_ROOT)'

.PHONY: clean
clean: ## Remove what our crates built (ARGS=--all: the dependencies too, rebuilding takes long)
	rm -rf docs/book
ifneq ($(filter --all,$(ARGS)),)
	@printf 'removing all of %s: the next build compiles every dependency again\n' '$(CARGO_TARGET_DIR)'
	cargo clean
else
	cargo clean $(addprefix -p ,$(CRATES))
	@printf 'kept the compiled dependencies in %s; to remove them: make clean ARGS=--all\n' '$(CARGO_TARGET_DIR)'
endif
