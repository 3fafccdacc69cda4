/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "verifier/command/options.h"
#include "verifier/command/seal.h"

#define AT(member) .at = offsetof(struct seal_options, member)
const struct rp_option rp_seal_options[] = {
	{RP_OPTION_CONFIG, AT(config)},
	{.name = "source",
	 .type = RP_OPTION_TEXT,
	 .value = "URI",
	 AT(source),
	 .required = true,
	 .help = "The database: postgresql://user@host:port/name, or postgresql:///?service=NAME; "
		 "mysql://user@host:port/name or mariadb://..., with ?socket=PATH for a socket. Passwords come from "
		 "~/.pgpass, PGPASSFILE or an option file (~/.my.cnf, ?defaults-file=PATH), never from here."},
	{.name = "key",
	 .type = RP_OPTION_FILE,
	 .value = "KEY",
	 AT(key),
	 .required = true,
	 .help = "The private key to sign with: " RP_PRIVATE_KEY_HELP "."},
	RP_SIGNING_OPTIONS(seal_options, signing, "key", "sign-command", false),
	{.name = "manifest",
	 .type = RP_OPTION_FILE,
	 .value = "FILE",
	 AT(manifest),
	 .required = true,
	 .help = "Where the signed manifest goes: written beside, then renamed."},
	{.name = "backup",
	 .group = "the backup",
	 .type = RP_OPTION_FILE,
	 .value = "FILE",
	 AT(backup),
	 .help = "Back the database up into this file, in the very snapshot that is surveyed, with the dump "
		 "tool of the server's version. '-' is standard output. Without it the survey is sealed "
		 "alone."},
	{.name = "format",
	 .group = "the backup",
	 .type = RP_OPTION_TEXT,
	 .value = "FORMAT",
	 AT(format),
	 .help = "What that backup is: custom, plain, tar or directory for PostgreSQL (a directory is made with as many "
		 "connections as --jobs says); mysqldump or mydumper (a directory, too) for MariaDB and MySQL. The engine's first "
		 "when it is not given: custom, mysqldump."},
	{.name = "backup-command",
	 .group = "the backup",
	 .type = RP_OPTION_TEXT,
	 .value = "COMMAND",
	 AT(command),
	 .help = "Make the backup with this command, which writes it to its standard output, or to {path} if that "
		 "is among its words: a file or a directory. On PostgreSQL "
		 "{snapshot} is replaced by the snapshot's name; on MariaDB and MySQL {defaults} by an option file "
		 "that says how to connect, and {socket} by the socket that stands in it. What lets it into the "
		 "snapshot must be there. Words are split at blanks, and quotes are understood; there is no shell."},
	{.name = "backup-filter",
	 .group = "the backup",
	 .type = RP_OPTION_TEXTS,
	 .value = "COMMAND",
	 AT(filters),
	 .help = "What the backup goes through on its way into the file, such as 'zstd -T0' or 'age -r RECIPIENT': from "
		 "standard input to standard output. What comes out is the backup, and its SHA-256 is sealed. May be "
		 "given up to four times; the first one gets what the dump tool writes."},
	{.name = "physical",
	 .group = "the backup",
	 .type = RP_OPTION_FLAG,
	 AT(physical),
	 .help = "Seal a moment at which the replay of the server's log can stop exactly, so that a physical backup "
		 "(pg_basebackup, pgBackRest, Barman, mariadb-backup) with its log archive can be compared with it: of "
		 "PostgreSQL by a temporary logical slot, on a paused standby, or under a short lock of the tables; of "
		 "MariaDB and MySQL where the binary log stands under the lock. Goes with --backup, too."},
	{.name = "target",
	 .type = RP_OPTION_TEXT,
	 .value = "NAME",
	 AT(target),
	 .help = "What 'verify --target' must be told; the database's name when it is not given."},
	{.name = "environment",
	 .type = RP_OPTION_TEXT,
	 .value = "NAME",
	 AT(environment),
	 .help = "Where this is: production, staging. It stands in the manifest, and 'verify --environment' asks for it."},
	RP_STAMPING_OPTIONS(seal_options, stamping),
	{.name = "jobs",
	 .type = RP_OPTION_NUMBER,
	 .value = "N",
	 AT(jobs),
	 .min = 1,
	 .max = 256,
	 .help = "Read with that many connections, all in one snapshot; one per core when it is not given."},
	{.name = "sketch",
	 .group = "naming rows that differ later",
	 .type = RP_OPTION_NUMBER,
	 .value = "BYTES",
	 AT(sketch),
	 .min = 1,
	 .max = 16u << 20,
	 .help = "How many bytes of the manifest a large relation may take, so that rows that differ can be "
		 "named; 10240 when it is not given."},
	{.name = "all-sketches",
	 .group = "naming rows that differ later",
	 .type = RP_OPTION_NUMBER,
	 .value = "BYTES",
	 AT(all_sketches),
	 .min = 1,
	 .max = 128u << 20,
	 .help = "How many bytes of the manifest the sketches of all relations may take; 16777216 when it is not "
		 "given. Where there are so many relations that they would take more, the largest get less, and "
		 "the manifest lists which."},
	{.name = "no-sketch",
	 .group = "naming rows that differ later",
	 .type = RP_OPTION_FLAG,
	 AT(no_sketch),
	 .help = "Keep nothing that names rows; the manifest is then smaller and says less."},
	{.name = "fingerprint-keys",
	 .group = "naming rows that differ later",
	 .type = RP_OPTION_FLAG,
	 AT(fingerprint_keys),
	 .help = "Keep keyed fingerprints of the rows' keys and never the keys themselves, for keys that are "
		 "personal."},
	{.name = "timeout",
	 .type = RP_OPTION_DURATION,
	 .value = "TIME",
	 AT(timeout_ms),
	 .help = "Give up and end with 2 when it takes longer: 90s, 15m, 6h."},
	{.name = "json",
	 .type = RP_OPTION_FLAG,
	 AT(json),
	 .once = true,
	 .help = "Print the summary as JSON."},
	{0},
};
const struct rp_operand rp_seal_target = {
	.value = "TARGET",
	.help = "The same as --target: its section of the configuration says the rest.",
	.type = RP_OPTION_TEXT,
	AT(target),
	.configured = true,
};
const struct rp_example rp_seal_examples[] = {
	{"survey a database, back it up in the same snapshot, and sign what was found",
	 "reprove seal --source postgresql://app@db/shop --key reprove.key --manifest shop.manifest.json "
	 "--backup shop.dump"},
	{"the same with a dump command of one's own",
	 "reprove seal --source postgresql://app@db/shop --key reprove.key --manifest shop.manifest.json "
	 "--backup shop.sql --backup-command 'pg_dump --snapshot={snapshot} shop'"},
	{"for a physical backup, whose log is archived: verify recovers to the very moment that is sealed",
	 "reprove seal --source postgresql://app@db/shop --key reprove.key --manifest shop.manifest.json "
	 "--physical"},
	{"compressed and encrypted in passing, and on to where it is kept",
	 "reprove seal --source postgresql://app@db/shop --key reprove.key --manifest shop.manifest.json "
	 "--backup - --backup-filter 'zstd -T0' --backup-filter 'age -r age1...' | aws s3 cp - s3://backups/shop"},
	{"with an encrypted key",
	 "reprove seal --source postgresql://app@db/shop --key reprove.key --key-passphrase-file reprove.pw --manifest "
	 "shop.manifest.json"},
	{"with a key on a token, whose PIN is a credential of systemd",
	 "reprove seal --source postgresql://app@db/shop --key 'pkcs11:token=backup;object=seal' --key-passphrase-credential pin "
	 "--manifest shop.manifest.json"},
	{"MariaDB or MySQL, whose password stands in ~/.my.cnf",
	 "reprove seal --source mysql://app@db/shop --key reprove.key --manifest shop.manifest.json "
	 "--backup shop.sql"},
	{"the same with a dump command of one's own",
	 "reprove seal --source mysql://app@db/shop --key reprove.key --manifest shop.manifest.json "
	 "--backup shop.sql --backup-command 'mysqldump --defaults-file={defaults} --single-transaction "
	 "--routines --events --hex-blob {database}'"},
	{0},
};
const struct rp_section rp_seal_sections[] = {
	{"RIGHTS",
	 "Reading is enough: on PostgreSQL a role that is a member of pg_read_all_data and has BYPASSRLS; on "
	 "MariaDB and MySQL SELECT, SHOW VIEW, TRIGGER and EVENT on the database and what sees its routines, and RELOAD (or "
	 "FLUSH_TABLES) for the lock of a few milliseconds, without which the tables are locked one and all instead. What "
	 "such a role may not read is told by name, and the exit status is then 2: the manifest is written, and it is "
	 "not whole.\n\n"
	 "--physical needs more on PostgreSQL: wal_level = logical, REPLICATION, a free slot and WAL sender; or else, "
	 "to lock the tables, UPDATE, DELETE or (from 17 on) MAINTAIN on all of them; or a standby whose replay is paused. "
	 "EXECUTE on pg_switch_wal() sends the log's file to the archive at once. Where none of it can be had, the manifest "
	 "is not snapshot-bound and says so: rows that differ are then no proof of damage, and make a verification a 2."},
	{"CONFIDENTIALITY",
	 "A manifest holds no rows, but it holds keys of rows in its sketches unless --fingerprint-keys is "
	 "given, definitions, and digests from which the values of small columns can be guessed. Keep it as "
	 "confidential as the database's schema."},
	{0},
};
