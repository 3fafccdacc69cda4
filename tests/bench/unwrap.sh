#!/bin/bash
# SPDX-License-Identifier: MIT
# Decrypting and decompressing a backup while it is hashed, against 'openssl enc -d | zstd -d' in a pipe, in alternating
# runs; and the memory that it takes for backups of different sizes.
# usage: tests/bench/unwrap.sh BUILDDIR [ROWS] [RUNS]
set -eu
build=$(realpath "$1") rows=${2:-6000000} runs=${3:-7}
work=$(mktemp -d "${TMPDIR:-/tmp}/rp-XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
umask 077
echo "correct horse" >pw
dump() { # ROWS: lines as pg_dump writes them
	awk -v rows="$1" 'BEGIN {
		print "-- PostgreSQL database dump\n\nCOPY t FROM stdin;"
		for (i = 0; i < rows; i++)
			printf "%d\t%d\t%.2f\t2024-01-%02d %02d:%02d:%02d+00\tnote for order number %d\t%s\n", i, i * 7919 % 100000,
				i % 1000000 / 100, i % 28 + 1, i % 24, i % 60, i * 7 % 60, i, i % 3 ? "t" : "f"
		print "\\." }'
}
lock() { openssl enc -aes-256-cbc -pbkdf2 -pass file:pw 2>/dev/null; }
dump "$rows" | zstd -q -T0 | lock >whole
dump $((rows / 8)) | zstd -q -T0 | lock >small
median() { sort -n | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }
# Milliseconds, and those of processor time.
timed() { # NAME COMMAND...
	local name=$1 TIMEFORMAT='%R %U %S'
	shift
	{ time "$@" >last 2>&1; } 2>&1 | awk '{printf "%d %d\n", $1 * 1000, ($2 + $3) * 1000}' >>"$name"
}
pipe() { openssl enc -d -aes-256-cbc -pbkdf2 -pass file:pw -in whole | zstd -q -d -c >/dev/null; }
for ((i = 0; i <= runs; i++)); do
	: "$i is 0: warming up, not counted"
	[ "$i" -gt 0 ] && out=runs || out=warm
	timed "pipe.$out" pipe
	timed "unwrap.$out" "$build/tests/bench/unwrap" whole pw
done
of() { cut -d' ' -f"$2" "$1.runs" | median; }
read -r _ bytes memory <last
printf 'a dump of %d MB in %d MB of openssl(zstd()), medians of %d runs\n' $((bytes / 1000000)) $(($(stat -c %s whole) / 1000000)) "$runs"
row() { printf '  %-46s %6d ms  %6d ms of processor time\n' "$1" "$(of "$2" 1)" "$(of "$2" 2)"; }
row "openssl enc -d | zstd -d >/dev/null" pipe
row "reprove: hashed, decrypted, decompressed" unwrap
printf '  %-46s %6s, and %s by processor time\n' "speed of the pipe = 1" \
	"$(awk "BEGIN {printf \"%.2f\", $(of pipe 1) / $(of unwrap 1)}")" "$(awk "BEGIN {printf \"%.2f\", $(of pipe 2) / $(of unwrap 2)}")"
printf '  %-46s %6d KiB, and %d KiB for an eighth of it\n' "the most memory" "$memory" \
	"$("$build/tests/bench/unwrap" small pw | cut -d' ' -f3)"
