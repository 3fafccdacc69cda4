#!/bin/bash
# SPDX-License-Identifier: MIT
# MariaDB and MySQL: what their dumps lose. True differences, and of a class of their own, that names table and column,
# says how many rows, and what to do; beside them nothing else differs, and what survives passes.
# usage: loss_mysql.sh REPROVE SOURCE_ROOT
set -u
reprove=$(realpath "$1") root=$2
. "$root/tests/lib/mysql.sh"
. "$root/tests/lib/tap.sh"
my_begin
my_start
cd "$work" || exit 1
"$reprove" keygen . >/dev/null
seal() { # NAME: NAME.json of its own, and a dump as a person would make it
	my_load "$1" "$root/fixtures/mysql-loss/$1.sql" || exit 1
	runs 0 "$1: sealed" "$reprove" seal --source "$(my_uri "$1")" --key reprove.key --manifest "$1.json"
	my_dump "$1" >"$1.sql"
}
verify() { # STATUS NAME MANIFEST DUMP WHAT
	runs "$1" "$2: $5" "$reprove" verify --state none --target "$2" --manifest "$3" --trust reprove.pub --reports out "$4"
}
# lost CHECK OBJECTS NAME: these and no others fail that check; all but artifact.digest are of the class
lost() {
	local got
	got=$(python3 - "$1" <<-'PY'
		import json, sys
		failed = [f for f in json.load(open("out/result.json"))["findings"] if f["verdict"] == "fail" and f["check"] == sys.argv[1]]
		print(*sorted(f["object"] + ("" if "lossy by the dump format" in f["message"] else "!") for f in failed))
	PY
	)
	[ "$got" = "$2" ]
	tap $? "$3" || echo "# $1: expected '$2', got '$got'" >&2
}

seal floats
verify 1 floats floats.json floats.sql "digits of FLOAT are lost"
lost relation.digest "measured" "floats: in one table, and the other's values survive"
lost relation.columns "measured" "floats: in the one column"
lost relation.rows "" "floats: no row is missing"
has "4 rows changed (column f)" "floats: rows and column are said" "$out"
has "id=1; id=2; id=3; id=6" "floats: which ones" "$out"
has "DOUBLE or DECIMAL" "floats: and what to do" "$out"
# The same column, changed by more than that: no loss of the format's.
sed 's/16777200/16777300/' floats.sql >changed.sql
! cmp -s floats.sql changed.sql
tap $? "floats: a dump with another value"
verify 1 floats floats.json changed.sql "a value that was changed"
has "id=1" "floats: is named beside" "$out"

if [ "$my_vendor" = mariadb ]; then
	seal history
	verify 1 history history.json history.sql "history rows are lost"
	lost relation.rows "prices.history with_columns.history" "history: by table"
	lost relation.digest "by_transaction prices.history with_columns with_columns.history" "history: with the times at which rows begin"
	has "3 rows too few" "history: how many is said" "$out"
	has "--dump-history" "history: and what to do" "$out"
	if "$my_dump_tool" --help | grep -q dump-history; then
		# The tool cannot be told to, where a table's history is kept by transaction.
		sql history "DROP TABLE by_transaction"
		runs 0 "history: sealed with a backup" "$reprove" seal --source "$(my_uri history)" --key reprove.key --manifest whole.json \
			--backup whole.sql
		verify 0 history whole.json whole.sql "with its history nothing is lost"
	fi

	seal cycle
	verify 1 cycle cycle.json cycle.sql "a sequence that has gone round is at its start again"
	lost sequence.position "round_and_round" "cycle: its position fails, of the class"
	has "round_and_round" "cycle: with its name" "$out"
else
	seal documents
	verify 1 documents documents.json documents.sql "a DECIMAL in a document becomes a DOUBLE"
	lost relation.digest "documents" "documents: of the class"
	has "1 row changed (column j)" "documents: rows and column are said" "$out"
fi
tap_done
