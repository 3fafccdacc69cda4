#!/bin/bash
# SPDX-License-Identifier: MIT
# Do every damage of the catalogue and print a table of what came of each, and of how many at its end.
# usage: damage.sh REPROVE SOURCE_ROOT
set -u
reprove=$(realpath "$1") root=$2
failed=0 totals=
for part in damage_backup damage damage_mysql; do
	case $part in
	damage_backup) title="the backup's file and the manifest" ;;
	damage) title="PostgreSQL" ;;
	*) title="MariaDB or MySQL" ;;
	esac
	printf '\n%s\n' "$title"
	# The first few lines are about the good backup, the last is the plan.
	lines=$(bash "$root/tests/server/$part.sh" "$reprove" "$root" | tee >(
		sed -un 's/^ok [0-9]* - \([a-z0-9-]*\): \(.*\)/  found      \1: \2/p; s/^not ok [0-9]* - /  NOT RIGHT  /p; s/^1\.\.0 # SKIP/  not run:/p' >&2
	); exit "${PIPESTATUS[0]}")
	status=$?
	right=$(grep -cE '^ok [0-9]* - [a-z0-9-]*: ' <<<"$lines")
	wrong=$(grep -c '^not ok' <<<"$lines")
	[ $status -eq 0 ] || failed=1
	totals+=$(printf '%-36s %4d found %4d not right%s' "$title" "$right" "$wrong" "$([ $status -eq 0 ] || echo ", exit status $status")")$'\n'
done 2>&1
printf '\n%s' "$totals"
exit $failed
