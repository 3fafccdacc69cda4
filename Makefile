# SPDX-License-Identifier: MIT
# A thin front: meson does the work. `make demo` and `make test` need nothing but git and make on Debian 12.

BUILD ?= build
MESON_ARGS ?=

all: build

setup:
	@sh tests/setup.sh

$(BUILD)/build.ninja:
	@mkdir -p $(BUILD)
	@echo "building ..." >&2
	@meson setup $(BUILD) $(MESON_ARGS) >$(BUILD)/setup.log 2>&1 || { cat $(BUILD)/setup.log >&2; exit 1; }

build: setup $(BUILD)/build.ninja
	@ninja -C $(BUILD) --quiet

demo: build
	@bash fixtures/demo.sh $(BUILD)/reprove

test: build
	@bash tests/run.sh $(BUILD)

bench: setup
	@test -f $(BUILD)-release/build.ninja || meson setup $(BUILD)-release --buildtype=release -Dtests=true
	@ninja -C $(BUILD)-release --quiet
	@bash tests/bench/run.sh $(BUILD)-release
	@bash tests/bench/mysql.sh $(BUILD)-release
	@bash tests/bench/unwrap.sh $(BUILD)-release

# Other versions of the engines beside the system's: fetched as packages, unpacked, never installed.
matrix: build
	tests/server-matrix install pg13 pg15 pg17 pg18 mariadb10.5 mariadb10.11 mariadb11.8 mysql9
	@bash tests/server/matrix.sh $(BUILD)/reprove $(CURDIR)
	@bash tests/server/matrix_mysql.sh $(BUILD)/reprove $(CURDIR)

# Every damage of the catalogue, on the engines that are installed here; a table at the end.
damage: build
	@bash tests/damage.sh $(BUILD)/reprove $(CURDIR)

faults: build
	@bash tests/faults/run.sh $(BUILD)/reprove $(BUILD)/tests/faults/inject.so .

# Hostile backups: what the stock tools do with them, and what reprove does. About five minutes.
hostile: build
	@python3 tests/hostile/run.py $(BUILD)/reprove

# Every format and wrapping, cut and flipped in forty places. About half an hour.
broken: build
	@bash tests/server/format_broken.sh $(BUILD)/reprove $(CURDIR) postgres
	@bash tests/server/format_broken.sh $(BUILD)/reprove $(CURDIR) mysql

install: build
	meson install -C $(BUILD)

clean:
	rm -rf $(BUILD) $(BUILD)-release $(BUILD)-clang $(BUILD)-san

.PHONY: all setup build demo test bench matrix hostile broken damage faults install clean
