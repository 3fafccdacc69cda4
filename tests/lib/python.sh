# shellcheck shell=bash
# SPDX-License-Identifier: MIT

# python_with MODULE: from now on 'python' is one that has it. Exit status 77 where there is none; where servers are
# required, so is this.
python_with() {
	local p
	for p in /usr/bin/python3 python3; do
		if $p -c "import $1" 2>/dev/null; then
			rp_python=$p
			return
		fi
	done
	echo "no Python with $1 (Debian: python3-$1)" >&2
	[ -n "${RP_REQUIRE_SERVERS:-}" ] && exit 1
	exit 77
}

python() {
	"$rp_python" "$@"
}
