#!/bin/bash
# SPDX-License-Identifier: MIT
# A scratch on a server that a person named, on the other side of a network: its tools are in a box that has one.
# usage: named_tcp.sh REPROVE SOURCE_ROOT
set -u
reprove=$(realpath "$1") root=$2
. "$root/tests/lib/postgres.sh"
. "$root/tests/lib/tap.sh"
pg_begin
pg_start
cd "$work" || exit 1
"$reprove" keygen . >/dev/null
pg_load shop "$root/fixtures/postgres/shop.sql" || exit 1
# What is told by owner or grantee alone, too.
sql shop "SELECT lo_from_bytea(4711, 'large'); CREATE ROLE clerk; ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT SELECT ON TABLES TO clerk" >/dev/null || exit 1
runs 0 "sealed with its backup" "$reprove" seal --source "$(pg_uri shop)" --key reprove.key --manifest m.json --backup b.dump
pg_stop

# Another server, for nothing may be restored where the sealed one is; reached through a port of loopback.
rm -rf "$work/pg" "$work/socket"
pg_start
sql postgres "CREATE ROLE dba LOGIN CREATEDB CREATEROLE"
cat >forward.py <<'PY'
import asyncio, sys
async def pump(r, w):
    while data := await r.read(65536):
        w.write(data)
        await w.drain()
    w.close()
async def serve(r, w):
    sr, sw = await asyncio.open_unix_connection(sys.argv[1])
    await asyncio.gather(pump(r, sw), pump(sr, w), return_exceptions=True)
async def main():
    s = await asyncio.start_server(serve, "127.0.0.1", 0)
    with open("port", "w") as f:
        f.write(str(s.sockets[0].getsockname()[1]))
    await s.serve_forever()
asyncio.run(main())
PY
python3 forward.py "$PGHOST/.s.PGSQL.$PGPORT" &
forwarder=$!
for _ in $(seq 100); do [ -s port ] && break; sleep 0.05; done
unset PGHOST PGPORT PGUSER
tcp=postgresql://dba@127.0.0.1:$(cat port)/postgres
verify() { "$reprove" verify --state none --target shop --manifest m.json --trust reprove.pub --reports out "$@" b.dump; }
runs 0 "verified there, but for what this login may not do" verify --scratch "$tcp" --skip engine.amcheck
has "with the network" "its tools were in a box, and the report says that the server was not" "$(grep '"scratch.isolated"' out/result.json)"
[ -z "$(psql -X -At -h "$work/socket" -U postgres -d postgres -c "SELECT datname FROM pg_database WHERE datname ~ 'reprove'")" ]
tap $? "nothing is left there"
kill "$forwarder"
wait "$forwarder" 2>/dev/null
runs 2 "a server that cannot be reached is no fault of the backup's" verify --scratch "$tcp" --skip engine.amcheck
tap_done
