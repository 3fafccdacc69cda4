# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# A time stamping authority of one's own, made by openssl.

# tsa_make DIR rsa|ec [SECONDS]: DIR/ca.pem issues DIR/tsa.pem, which answers. Its certificate is good for so long, or for
# a day.
tsa_make() {
	local dir=$1 kind=$2 seconds=${3:-86400} until
	mkdir -p "$dir"
	case $kind in
	rsa) set -- -algorithm RSA -pkeyopt rsa_keygen_bits:2048 ;;
	ec) set -- -algorithm EC -pkeyopt ec_paramgen_curve:P-256 ;;
	esac
	until=$(date -u -d "+$seconds seconds" +%Y%m%d%H%M%SZ)
	cat >"$dir/tsa.cnf" <<-CNF
		[req]
		distinguished_name = dn
		[dn]
		[ca_extensions]
		basicConstraints = critical, CA:TRUE
		keyUsage = critical, keyCertSign
		subjectKeyIdentifier = hash
		[tsa_extensions]
		extendedKeyUsage = critical, timeStamping
		subjectKeyIdentifier = hash
		authorityKeyIdentifier = keyid
		[ca]
		default_ca = one
		[one]
		database = $dir/index
		new_certs_dir = $dir
		serial = $dir/ca.serial
		default_md = sha256
		policy = any
		[any]
		commonName = supplied
		[tsa]
		default_tsa = here
		[here]
		serial = $dir/tsa.serial
		signer_cert = $dir/tsa.pem
		signer_key = $dir/tsa.key
		signer_digest = sha256
		default_policy = 1.2.3.4.1
		other_policies = 1.2.3.4.2
		digests = sha256, sha512
		ess_cert_id_alg = sha256
		tsa_name = yes
	CNF
	: >"$dir/index"
	echo 01 >"$dir/ca.serial"
	echo 01 >"$dir/tsa.serial"
	{
		openssl genpkey "$@" -out "$dir/ca.key" &&
			openssl genpkey "$@" -out "$dir/tsa.key" &&
			openssl req -new -x509 -config "$dir/tsa.cnf" -extensions ca_extensions -key "$dir/ca.key" -days 3650 \
				-subj "/CN=Root of $kind" -out "$dir/ca.pem" &&
			openssl req -new -config "$dir/tsa.cnf" -key "$dir/tsa.key" -subj "/CN=Time stamps by $kind" \
				-out "$dir/tsa.csr" &&
			openssl ca -batch -notext -config "$dir/tsa.cnf" -extensions tsa_extensions -cert "$dir/ca.pem" \
				-keyfile "$dir/ca.key" -in "$dir/tsa.csr" -out "$dir/tsa.pem" -enddate "$until"
	} >"$dir/log" 2>&1 || { cat "$dir/log" >&2; return 1; }
	# What 'seal --stamp-command' is told: from the question to the reply.
	printf '#!/bin/sh\nexec openssl ts -reply -config %s -queryfile /dev/stdin 2>>%s\n' "$dir/tsa.cnf" "$dir/log" >"$dir/answer"
	chmod 755 "$dir/answer"
}
