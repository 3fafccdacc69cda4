#!/bin/bash
# SPDX-License-Identifier: MIT
# Help, manual and completion tell of the same options, and the manual is one that man can read.
# usage: help.sh REPROVE SOURCE_ROOT
set -u
reprove=$(realpath "$1") root=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. "$root/tests/lib/tap.sh"

runs 0 "help" "$reprove" help
for command in keygen seal verify selftest show report doctor help; do
	grep -q "^  $command " "$work/stdout"
	tap $? "help lists $command"
	help=$("$reprove" help "$command" | grep -o -- '^  --[a-z-]*' | sort)
	man=$("$reprove" help --man "$command" | sed -n 's/^\.B \\-\\-\([a-z\\-]*\).*/  --\1/p' | sed 's/\\//g' | sort)
	[ -n "$help" ] && [ "$help" = "$man" ]
	tap $? "$command: the manual has the options of --help"
	words=$(bash -c '. <("$1" help --completion) && COMP_WORDS=(reprove "$2" --) COMP_CWORD=2 && _reprove &&
		printf "  %s\n" "${COMPREPLY[@]}"' bash "$reprove" "$command" | sort)
	[ "$words" = "$help" ]
	tap $? "$command: so has the completion"
	"$reprove" help "$command" >"$work/a" && "$reprove" "$command" --help >"$work/b" && cmp -s "$work/a" "$work/b"
	tap $? "$command: --help is help"
	if command -v groff >/dev/null; then
		said=$("$reprove" help --man "$command" | groff -man -Tutf8 -ww -z 2>&1)
		[ -z "$said" ]
		tap $? "$command: troff has no complaint" || printf '# %s\n' "$said" >&2
	fi
	wide=$("$reprove" help "$command" | grep -v '^  reprove\|^  openssl' | awk 'length > 80' | head -3)
	[ -z "$wide" ]
	tap $? "$command: help fits 80 columns" || printf '# %s\n' "$wide" >&2
done
runs 0 "--version" "$reprove" --version
for library in reprove libpq OpenSSL jansson xxHash zlib libcurl libarchive; do
	grep -q "^$library [0-9]" "$work/stdout"
	tap $? "--version names $library"
done
runs 0 "doctor or its reason" bash -c '"$1" doctor; [ $? -eq 0 ] || [ $? -eq 2 ]' bash "$reprove"
has "servers of postgresql" "doctor tells of servers" "$out"
tap_done
