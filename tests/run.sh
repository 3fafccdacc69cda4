#!/bin/bash
# SPDX-License-Identifier: MIT
# Run every test of a build directory; the last line says how many passed and how many failed.
# usage: tests/run.sh BUILDDIR [meson test arguments]
set -u
build=$1
shift
# What is thrown away needs no disk, where memory has room for it.
if [ -z "${TMPDIR:-}" ] && [ -w /dev/shm ] && [ "$(df -k --output=avail /dev/shm | tail -n 1)" -gt 8388608 ]; then
	export TMPDIR=/dev/shm
fi
# Servers that start and disks that are written keep a test waiting more than it computes: three times as many as there are cores.
meson test -C "$build" --no-rebuild --print-errorlogs --num-processes "$(($(nproc) * 3))" "$@"
ran=$?
python3 "$(dirname "$0")/summary.py" "$build/meson-logs/testlog.junit.xml"
counted=$?
[ $ran -eq 0 ] && exit $counted
exit 1
