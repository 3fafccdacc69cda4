# SPDX-License-Identifier: MIT
# Test Anything Protocol for bash scripts: ok/not ok lines, the plan at the end, what failed on stderr.

tap_n=0
tap_failed=0

tap() { # STATUS NAME: 0 is ok
	tap_n=$((tap_n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $tap_n - $2"
	else
		echo "not ok $tap_n - $2"
		tap_failed=$((tap_failed + 1))
	fi
	return "$1"
}

# runs EXPECTED_STATUS NAME COMMAND...: stdout in $out, stderr in $err
runs() {
	local expected=$1 name=$2 got
	shift 2
	"$@" >"$work/stdout" 2>"$work/stderr" </dev/null
	got=$?
	out=$(cat "$work/stdout")
	err=$(cat "$work/stderr")
	if [ $got -eq "$expected" ]; then
		tap 0 "$name"
	else
		tap 1 "$name" || :
		{
			echo "# $*"
			echo "# expected exit status $expected, got $got"
			sed 's/^/# out: /' "$work/stdout" | head -40
			sed 's/^/# err: /' "$work/stderr" | head -40
		} >&2
		return 1
	fi
}

# has TEXT NAME WHERE: WHERE holds TEXT
has() {
	case $3 in
	*"$1"*) tap 0 "$2" ;;
	*)
		tap 1 "$2" || :
		{
			echo "# expected to find: $1"
			echo "# in:"
			printf '%s\n' "$3" | sed 's/^/#   /' | head -40
		} >&2
		return 1
		;;
	esac
}

tap_done() {
	echo "1..$tap_n"
	[ "$tap_failed" -eq 0 ]
}
