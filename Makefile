# Folkmoot: what make does here. A machine needs Go, Node with npm, make and git; everything else is
# installed from lock files into ignored folders. `make` alone lists the targets.

SHELL       := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS   += --no-builtin-rules
.DEFAULT_GOAL := help

LISTEN  ?= localhost:8080
DATA    ?= build/sample
# ROUNDS is how often make bench repeats the whole set, interleaved; BENCH and PACKAGES narrow it.
ROUNDS   ?= 5
BENCH    ?= .
PACKAGES ?= $(shell grep -rlE --include="*_test.go" "^func Benchmark" gateway proto services | xargs -r -n 1 dirname | sort -u | sed "s,^,./,")

TOOLS := build/tools
ASSET := gateway/web/asset
BUF   := .ci/node_modules/.bin/buf
# npm install --no-save keeps to the lock file's versions and hashes as npm ci does, but does not mind that the builds
# for systems other than Linux, of which npm uses none here, are missing in it. No package runs a script of its own.
NPM_INSTALL := npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error
# The protos of others that ours import, by their place in npm's google-proto-files.
GOOGLE_PROTOS := google/api/annotations.proto google/api/field_behavior.proto google/api/http.proto google/api/httpbody.proto

.PHONY: help run build assets test bench lint proto proto-tools lint-proto breaking-proto generate-proto check-proto tools clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

run: assets build ## start everything with the sample co-operative on http://localhost:8080
	@echo "Folkmoot is starting on http://$(LISTEN), its data in $(DATA)."
	@echo "Ctrl-C stops it and the next make run goes on from there; rm -r $(DATA) begins again."
	@exec bin/folkmoot up --sample --data $(DATA) --listen $(LISTEN)

build: ## build bin/folkmoot, its version taken from git, time zones within
	go build -buildvcs=auto -o bin/folkmoot .

# --- pages' styles and browser code -----------------------------------------------------------------

assets: build/assets.stamp ## build the pages' styles and browser code, if stale

# Everything in the asset folder that somebody wrote; npm's folder and what is built are not sources.
ASSET_SOURCES := $(shell find $(ASSET) -type f -not -path '*/node_modules/*' -not -path '$(ASSET)/dist/*' 2>/dev/null)

build/assets.stamp: $(ASSET_SOURCES) $(if $(wildcard $(ASSET)/dist/*),,missing-assets)
	@mkdir -p build
	cd $(ASSET) && $(NPM_INSTALL) && npm run build
	@touch $@

.PHONY: missing-assets
missing-assets:

# --- the contract -----------------------------------------------------------------------------------

proto: lint-proto breaking-proto generate-proto ## check the protos and write anew what is generated from them

build/proto-tools.stamp: .ci/package.json .ci/package-lock.json Makefile
	@mkdir -p build
	cd .ci && $(NPM_INSTALL)
	rm -rf third_party/googleapis
	for p in $(GOOGLE_PROTOS); do install -D -m 644 .ci/node_modules/google-proto-files/$$p third_party/googleapis/$$p; done
	@touch $@

proto-tools: build/proto-tools.stamp ## install buf and the protos of others that ours import

lint-proto: proto-tools ## buf lint
	$(BUF) lint proto

breaking-proto: proto-tools ## buf breaking against the commit that this work started from
	@.ci/breaking $(BUF)

generate-proto: proto-tools ## write the generated Go and OpenAPI documents
	$(BUF) generate --template proto/buf.gen.yaml

check-proto: proto-tools ## is what is generated from the protos what is here?
	@.ci/generated $(BUF)

# --- checks -----------------------------------------------------------------------------------------

test: ## all checks and tests; what this machine cannot run is said at the end
	@.ci/test

bench: $(TOOLS)/bench ## benchmarks: medians and spread of interleaved rounds
	@$(TOOLS)/bench -rounds $(ROUNDS) -- go test -run '^$$' -bench '$(BENCH)' -benchmem $(PACKAGES)

lint: $(TOOLS)/golangci-lint ## golangci-lint, built at its pinned version on first use (minutes)
	$(TOOLS)/golangci-lint run --allow-parallel-runners ./...

tools: $(TOOLS)/golangci-lint $(TOOLS)/grpcurl $(TOOLS)/govulncheck $(TOOLS)/fsck-tlog ## build the tools written in Go

$(TOOLS)/golangci-lint: .ci/lint/go.mod .ci/lint/go.sum
	go -C .ci/lint build -o $(CURDIR)/$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	@touch $@

$(TOOLS)/grpcurl: .ci/go.mod .ci/go.sum
	go -C .ci build -o $(CURDIR)/$@ github.com/fullstorydev/grpcurl/cmd/grpcurl
	@touch $@

# Tessera's checker of public logs, under a name that is not the file systems'.
$(TOOLS)/fsck-tlog: .ci/go.mod .ci/go.sum
	go -C .ci build -o $(CURDIR)/$@ github.com/transparency-dev/tessera/cmd/fsck
	@touch $@

$(TOOLS)/govulncheck: .ci/go.mod .ci/go.sum
	go -C .ci build -o $(CURDIR)/$@ golang.org/x/vuln/cmd/govulncheck
	@touch $@

# Go knows better than make when these are stale, and rebuilding an unchanged one costs nothing.
.PHONY: $(TOOLS)/summary $(TOOLS)/bench
$(TOOLS)/summary $(TOOLS)/bench:
	@go -C .ci build -o $(CURDIR)/$@ ./$(@F)

clean: ## remove what was built and installed here; the sample's data too
	rm -rf bin build third_party .ci/node_modules $(ASSET)/node_modules
	find $(ASSET)/dist -mindepth 1 -not -name .keep -delete 2>/dev/null || true
