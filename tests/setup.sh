#!/bin/sh
# SPDX-License-Identifier: MIT
# Install the Debian packages that are missing for building, testing and the demo. Does nothing when all are there.
# usage: tests/setup.sh [extra group...]    groups: ci
set -eu

packages="gcc meson ninja-build pkg-config libpq-dev libmariadb-dev libssl-dev libxxhash-dev libarchive-dev libcurl4-openssl-dev libjansson-dev libcyaml-dev libyaml-dev libp11-kit-dev zlib1g-dev
	libcmocka-dev libxml2-utils python3 python3-junitparser python3-cryptography jq python3-yaml postgresql-15 postgresql-client-15 mariadb-server-core mariadb-client mariadb-backup bubblewrap
	bzip2 xz-utils zstd lz4 openssl gnupg age pgbackrest barman mydumper softhsm2 opensc"
# Readers that were written by others come from npm. A machine that has one of its own keeps it.
command -v npm >/dev/null || packages="$packages nodejs npm"
for group; do
	case $group in
	ci) packages="$packages clang libclang-rt-14-dev clang-format valgrind" ;;
	*) echo "setup.sh: no group '$group'; there is: ci" >&2; exit 4 ;;
	esac
done

missing=
for p in $packages; do
	case $(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null || true) in
	installed) ;;
	*) missing="$missing $p" ;;
	esac
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -eq 0 ]; then as_root=
elif sudo -n true 2>/dev/null; then as_root="sudo -n"
else
	echo "setup.sh: these packages are missing, and only root can install them. Run, as root:" >&2
	echo "    apt-get install$missing" >&2
	exit 4
fi
echo "setup.sh: installing$missing" >&2
# The packaged server must not start a cluster of its own: everything here runs on throw-away ones.
export DEBIAN_FRONTEND=noninteractive
if [ -z "$(dpkg-query -W -f '${db:Status-Status}' postgresql-common 2>/dev/null || true)" ]; then
	$as_root mkdir -p /etc/postgresql-common
	printf 'create_main_cluster = false\n' | $as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
fi
$as_root apt-get update -q >/dev/null
# A configuration file that we wrote before its package came is kept.
# shellcheck disable=SC2086
$as_root apt-get install -q -y -o Dpkg::Options::=--force-confold --no-install-recommends $missing >/dev/null
