#!/bin/bash
# SPDX-License-Identifier: MIT
# Whatever fails, no run ends in a 0 that is not true, in a crash, in a hang, or leaves anything behind.
# usage: run.sh REPROVE INJECT.so SOURCE_ROOT [--sample | --all] [--seed N] [--only TEXT] [--jobs N]
set -u
reprove=$(realpath "$1") inject=$(realpath "$2") root=$(realpath "$3")
shift 3
. "$root/tests/lib/postgres.sh"
pg_begin
pg_start
pg_load shop "$root/tests/faults/small.sql" || exit 1
"$reprove" keygen "$work" >/dev/null || exit 1
pg_stop
unset PGHOST PGPORT PGUSER
# Each worker starts a server of its own on a copy, to be killed and stopped as it likes.
export RP_AS_SERVER="${as_server[*]}"
python3 "$root/tests/faults/faults.py" --reprove "$reprove" --inject "$inject" --work "$work" "$@"
