# shellcheck shell=bash
# SPDX-License-Identifier: MIT

# npm_install NAME TO: what tests/npm/NAME pins, byte by byte, into the directory TO; nothing of it runs while it is installed.
# 1: it cannot be had here, and npm_why says why not. Where servers are required, so is this: the test ends.
npm_install() {
	mkdir -p "$2"
	cp "$root/tests/npm/$1"/package*.json "$2"
	if ! command -v npm >/dev/null; then
		npm_why="there is no npm"
	elif ! (cd "$2" && timeout 120 npm ci --ignore-scripts --no-audit --no-fund >npm.log 2>&1); then
		npm_why="npm could not install it: $(grep -m1 ERR "$2/npm.log" || tail -1 "$2/npm.log")"
	else
		return 0
	fi
	[ -z "${RP_REQUIRE_SERVERS:-}" ] || { echo "Bail out! $npm_why" && exit 1; }
	return 1
}
