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
now() { date +%s%N; }
median() { sort -n | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }
for ((i = 0; i <= runs; i++)); do
	: "$i is 0: warming up, not counted"
	[ "$i" -gt 0 ] && out=ms || out=warm
	began=$(now)
	openssl enc -d -aes-256-cbc -pbkdf2 -pass file:pw -in whole | zstd -q -d -c >/dev/null
	echo $((($(now) - began) / 1000000)) >>"pipe.$out"
	began=$(now)
	"$build/tests/bench/unwrap" whole pw >last
	echo $((($(now) - began) / 1000000)) >>"unwrap.$out"
done
pipe=$(median <pipe.ms) unwrap=$(median <unwrap.ms)
bytes=$(cut -d' ' -f2 last)
printf 'a dump of %d MB in %d MB of openssl(zstd())\n' $((bytes / 1000000)) $(($(stat -c %s whole) / 1000000))
printf '  %-46s %6d ms\n' "openssl enc -d | zstd -d >/dev/null" "$pipe"
printf '  %-46s %6d ms  %s of the pipe'"'"'s speed\n' "reprove: hashed, decrypted, decompressed" "$unwrap" \
	"$(awk "BEGIN {printf \"%.2f\", $pipe / $unwrap}")"
printf '  %-46s %6d KiB, and %d KiB for an eighth of it\n' "the most memory" "$(cut -d' ' -f3 last)" \
	"$("$build/tests/bench/unwrap" small pw | cut -d' ' -f3)"
