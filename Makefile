# `make demo` shows weld at work; `make install` installs it; `make test` runs all tests; `make bench`
# compares speeds.
# Each installs the Debian packages it needs. All need a Swift 6.3 toolchain on the path.

SHELL := /bin/bash

# What a Swift toolchain needs of the system; packages that it fetches come through git.
SWIFT_PACKAGES := git ca-certificates tzdata libcurl4 libncurses6 libsqlite3-0 libxml2
BUILD_PACKAGES := gcc g++ binutils pkg-config zlib1g-dev libzstd-dev libxxhash-dev libmd-dev
TEST_PACKAGES := $(BUILD_PACKAGES) clang clang-19 lld lld-19 llvm-19 mold gdb elfutils python3 \
  qemu-user musl-tools
# All of LLVM, and what it needs to be linked; LLVM's own tools and lld to compare with; what people
# work on programs with.
PROGRAM_PACKAGES := python3 elfutils gdb lld-19 llvm-19-dev libpolly-19-dev libz3-dev libffi-dev \
  libxml2-dev libedit-dev libgmp-dev m4 \
  llvm-19 valgrind linux-perf dwz debugedit patchelf chrpath abigail-tools
# For counting instructions.
BUDGET_PACKAGES := $(BUILD_PACKAGES) python3 valgrind
BENCH_PACKAGES := $(BUILD_PACKAGES) python3 lld-19 mold time

WELD := .build/release/weld

# Where `make install` puts things, below $(DESTDIR).
PREFIX ?= /usr/local
DESTDIR ?=
# release, or debug.
CONFIGURATION ?= release

.PHONY: all release libraries install demo smoke programs packages tern test fuzz random check-budgets bench format lint clean

all: release

release: toolchain
	@Tools/install-packages $(BUILD_PACKAGES)
	swift build -c release --product weld

# The C interface, shared and static. An archive would keep the members of files that are gone.
libraries: toolchain
	@Tools/install-packages $(BUILD_PACKAGES)
	@rm -f .build/$(CONFIGURATION)/libweld-static.a
	swift build -c $(CONFIGURATION) --product weld-shared
	swift build -c $(CONFIGURATION) --product weld-static

# weld, its libraries for compilers, their header and pkg-config files: docs/c-interface.md.
install: libraries
	swift build -c $(CONFIGURATION) --product weld
	DESTDIR='$(DESTDIR)' Tools/install-weld .build/$(CONFIGURATION) '$(PREFIX)'

# Links real programs in C, C++, Rust and Swift with weld, and runs them.
demo: release
	@Examples/demo/run.sh $(WELD)

# The release build links something and that runs, before the long tests start.
smoke: release
	@Examples/demo/run.sh $(WELD) c-static c-pie

# weld itself, Swift with Foundation, Rust, all of LLVM, a package with swift-syntax.
programs: smoke
	@Tools/install-packages $(PROGRAM_PACKAGES)
	@Tests/Programs/run.sh $(WELD)

# Packages from their authors' tarballs pass their own tests with weld as the only ld: an hour.
packages: smoke
	Tests/Programs/packages $(WELD)

# The link cases run twice: with the linker that users have, and with the one that checks itself.
test: packages-for-tests smoke programs tern
	swift build --build-tests
	WELD_TEST_LINKER=$(CURDIR)/$(WELD) swift test --skip-build --filter LinkCaseTests
	swift test

# The example compiler: programs for five machines, edited while they run.
tern: packages-for-tests
	swift test --package-path Examples/tern

# Each fuzz target for so many seconds: docs/fuzzing.md.
SECONDS ?= 30
fuzz: packages-for-tests
	Fuzzing/build
	@for target in $(notdir $(basename $(wildcard Fuzzing/Targets/*.swift))); do \
	  echo "fuzzing $$target for $(SECONDS) seconds"; \
	  Fuzzing/run $$target $(SECONDS) > .build/fuzz/$$target.log 2>&1 || \
	    { tail -40 .build/fuzz/$$target.log; exit 1; }; \
	  tail -5 .build/fuzz/$$target.log; \
	done

# Random programs, linked by weld, GNU ld and lld, and compared: Tools/link_random/README.md.
random: packages-for-tests release
	swift build -c release --product elf-compare
	Tools/link-random --weld $(WELD) --seconds $(SECONDS)

# Whether the instructions that three small links take have stayed within 3 % of their budgets.
check-budgets: release
	@Tools/install-packages $(BUDGET_PACKAGES)
	Benchmarks/check --weld $(WELD)
	Benchmarks/linear --weld $(WELD)

bench: release
	@Tools/install-packages $(BENCH_PACKAGES)
	Benchmarks/prepare
	Benchmarks/run --weld $(WELD)
	Benchmarks/run-images

format: toolchain
	swift format --in-place --recursive Sources Tests Tools Fuzzing Examples Benchmarks/images Package.swift

lint: toolchain
	swift format lint --recursive --strict Sources Tests Tools Fuzzing Examples Benchmarks/images \
	  Package.swift

clean:
	rm -rf .build

.PHONY: toolchain packages-for-tests
toolchain:
	@command -v swift >/dev/null || \
	  { echo "error: no swift on the path; install Swift 6.3 from https://swift.org/install" >&2; exit 1; }
	@Tools/install-packages $(SWIFT_PACKAGES)

packages-for-tests: toolchain
	@Tools/install-packages $(TEST_PACKAGES)
