# SPDX-License-Identifier: MIT
"""The hostile backups, one entry each. Whoever can write to the backup store has written these; whoever can write to
the source has made the databases."""
import gzip
import io
import random
import re

BASE = r"""
CREATE TABLE goods (id int PRIMARY KEY, name text NOT NULL, price numeric(8,2), sold date);
INSERT INTO goods SELECT g, 'thing ' || g, g * 1.5, DATE '2026-01-01' + g FROM generate_series(1, 400) g;
CREATE TABLE notes (id int PRIMARY KEY, body text);
INSERT INTO notes VALUES (1, E'\\! touch {ran}'), (2, E'first\n\\! touch {ran}\n\\unrestrict abc'), (3, E'\\.\n\\q'),
    (4, E'\\restrict abc\n\\connect postgres'), (5, NULL);
CREATE TABLE "odd
\! touch {ran}
name" (id int PRIMARY KEY);
INSERT INTO "odd
\! touch {ran}
name" VALUES (1);
CREATE VIEW dear AS SELECT id, name FROM goods WHERE price > 100;
CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS $$
    -- \unrestrict abc
    SELECT $1 * 2 $$;
"""


class Case:
    """name: the row of the table. text: what is put into an honest plain dump. at: 'head' (behind its settings), 'tail'
    (before its trailer) or 'top'. status: those that are right. finding: a check that has to fail."""

    def __init__(self, name, text="", at="head", status=(1,), finding=None, stock=True, args=(), build=None,
                 database=None, kind="sql", alone=False, disk=False, server="main", passes=(), alone_status=1,
                 tool_runs=False):
        self.name, self.text, self.at, self.status, self.finding = name, text, at, status, finding
        self.stock, self.args, self.build, self.database, self.kind = stock, list(args), build, database, kind
        self.alone = alone      # with no manifest too: nothing but the restore itself can notice
        self.disk = disk        # in a small file system of its own
        self.server = server
        self.alone_status = alone_status
        self.tool_runs = tool_runs  # pg_dump's own session on the source runs it; ours do not
        self.passes = passes    # checks that must pass all the same: what the survey says is the truth


def put(dump, text, at):
    """Into the text of a plain dump."""
    if at == "top":
        return text + dump
    marker = "\nSET row_security = off;\n" if at == "head" else "\n--\n-- PostgreSQL database dump complete\n"
    where = dump.index(marker) + (len(marker) if at == "head" else 1)
    return dump[:where] + text + "\n" + dump[where:]


def token_of(dump):
    found = re.search(r"^\\restrict (\S+)$", dump, re.M)
    return found.group(1) if found else "none"


def unrestricted(dump):
    return re.sub(r"^\\(un)?restrict .*\n", "", dump, flags=re.M)


# psql's own commands. All of them are run by psql from a dump; none of them may do anything here.
PSQL = [
    (r"\!", r"\! touch {ran}"),
    (r"\copy to program", r"\copy (SELECT 1) TO PROGRAM 'touch {ran}'"),
    (r"\copy to file", r"\copy (SELECT 1) TO '{ran}'"),
    (r"\g |cmd", r"SELECT 1 \g |touch {ran}"),
    (r"\g file", r"SELECT 1 \g {ran}"),
    (r"\o |cmd", "\\o |touch {ran}\nSELECT 1;\n\\o"),
    (r"\set `cmd`", r"\set x `touch {ran}`"),
    (r"\echo `cmd`", r"\echo `touch {ran}`"),
    (r"\if `cmd`", "\\if `touch {ran}; echo true`\n\\endif"),
    (r"\i file", r"\i {evil}"),
    (r"\ir file", r"\ir {evil}"),
    (r"\w file", "SELECT 1\n\\w {ran}\n;"),
    (r"\lo_import", r"\lo_import {secret_file}"),
    (r"\getenv", "\\getenv x REPROVE_CANARY\nDO $$ BEGIN RAISE EXCEPTION '%', :'x'; END $$;"),
    (r"\connect elsewhere", r"\connect host={other}"),
    (r"\gexec", "SELECT $$COPY (SELECT 1) TO PROGRAM 'touch {ran}'$$ \\gexec"),
    (r"\watch", "SELECT 1 \\watch 1\n"),
    (r"\set ON_ERROR_STOP off", "\\set ON_ERROR_STOP off\nSELECT nothing;\n\\! touch {ran}"),
    (r"\q", r"\q"),
    (r"\unrestrict, a guessed token", "\\unrestrict abc\n\\! touch {ran}"),
    (r"\unrestrict, the dump's own token", "\\unrestrict {token}\n\\! touch {ran}"),
    (r"\restrict and \unrestrict", "\\restrict x\nSELECT 1;\n\\unrestrict x\n\\! touch {ran}"),
    (r"\restrict behind the dump's own end", "\\unrestrict {token}\n\\! touch {ran}\n\\restrict {token}"),
]

# SQL that a superuser may do. In the box the restore is one.
SQL = [
    ("COPY TO PROGRAM", "COPY (SELECT 1) TO PROGRAM 'touch {ran}';"),
    ("COPY FROM PROGRAM", "CREATE TABLE public.x (t text); COPY public.x FROM PROGRAM 'cat {secret_file}; touch {ran}';"),
    ("COPY TO file", "COPY (SELECT 1) TO '{ran}';"),
    ("COPY FROM file", "CREATE TABLE public.x (t text); COPY public.x FROM '{secret_file}';\n"
     "DO $$ BEGIN RAISE EXCEPTION '%', (SELECT t FROM public.x); END $$;"),
    ("pg_read_file", "DO $$ BEGIN RAISE EXCEPTION '%', pg_read_file('{secret_file}'); END $$;"),
    ("pg_read_file of /proc/self/environ", "DO $$ BEGIN RAISE EXCEPTION '%',"
     " encode(pg_read_binary_file('/proc/self/environ'), 'escape'); END $$;"),
    ("pg_read_file of /etc/passwd", "DO $$ BEGIN RAISE NOTICE '%', pg_read_file('/etc/passwd'); END $$;"),
    ("pg_ls_dir of /", "DO $$ BEGIN RAISE NOTICE '%', (SELECT count(*) FROM pg_ls_dir('{canary_dir}')); END $$;"),
    ("lo_import", "SELECT lo_import('{secret_file}');"),
    ("lo_export", "SELECT lo_export(lo_from_bytea(0, 'x'), '{ran}');"),
    ("ALTER SYSTEM", "ALTER SYSTEM SET archive_command = 'touch {ran}';\nALTER SYSTEM SET log_filename = 'x';\n"
     "ALTER SYSTEM SET shared_preload_libraries = '{library}';\nSELECT pg_reload_conf(), pg_switch_wal();"),
    ("dblink over TCP", "CREATE EXTENSION dblink SCHEMA public;\nSELECT public.dblink_connect('hostaddr=127.0.0.1 port={port} "
     "connect_timeout=2');"),
    ("dblink to another local server", "CREATE EXTENSION dblink SCHEMA public;\nSELECT public.dblink_connect('host={other} "
     "connect_timeout=2');"),
    ("file_fdw with a program", "CREATE EXTENSION file_fdw SCHEMA public; CREATE SERVER f FOREIGN DATA WRAPPER file_fdw;\n"
     "CREATE FOREIGN TABLE public.x (t text) SERVER f OPTIONS (program 'touch {ran}');\nSELECT * FROM public.x;"),
    ("subscription", "CREATE SUBSCRIPTION s CONNECTION 'host={other} connect_timeout=2' PUBLICATION p;"),
    ("LOAD of a library", "LOAD '{library}';"),
    ("C function of a library", "CREATE FUNCTION public.c() RETURNS int LANGUAGE c AS '{library}', 'c';"),
    ("its own library, by lo_export", "SELECT lo_from_bytea(4242, decode('{library_hex}', 'hex'));\n"
     "SELECT lo_export(4242, current_setting('data_directory') || '/own.so');\n"
     "DO $$ BEGIN EXECUTE format('LOAD %L', current_setting('data_directory') || '/own.so'); END $$;"),
    ("the server's own files", "COPY (SELECT 'local all all trust') TO PROGRAM 'cat';"),
    ("end of the other sessions", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
     " AND backend_type = 'client backend';"),
]

# What lies to the survey. The rows are as sealed; the digest of the file is not, and 'alone' has to notice as well.
LIES = [
    ("pg_get_viewdef replaced", "CREATE OR REPLACE FUNCTION pg_catalog.pg_get_viewdef(oid) RETURNS text LANGUAGE sql "
     "STABLE STRICT AS 'SELECT ''SELECT 1;''::text';"),
    ("a system view replaced", "SET allow_system_table_mods = on; CREATE OR REPLACE VIEW pg_catalog.pg_group AS SELECT "
     "rolname AS groname, oid AS grosysid, ARRAY[oid] AS grolist FROM pg_catalog.pg_authid;"),
    ("a better match put into pg_catalog", "CREATE FUNCTION pg_catalog.format(text, name, name) RETURNS text LANGUAGE sql "
     "AS 'SELECT ''ONLY public.goods''::text';"),
]

# They decide what our own queries mean, unless ours win.
SETTINGS = {
    "search_path": "evil, pg_catalog", "statement_timeout": "100", "lock_timeout": "100", "quote_all_identifiers": "on",
    "default_transaction_read_only": "on", "row_security": "on", "TimeZone": "Asia/Kathmandu", "DateStyle": "German",
    "IntervalStyle": "iso_8601", "extra_float_digits": "-10", "bytea_output": "escape", "xmloption": "document",
    "standard_conforming_strings": "off", "client_min_messages": "debug5", "lc_monetary": "C.UTF-8",
    "enable_indexonlyscan": "on", "xmlbinary": "hex", "idle_in_transaction_session_timeout": "100",
}


def set_all(whom, settings):
    return "".join(f"ALTER {whom} SET \"{name}\" = '{value}';\n".replace("= 'evil, pg_catalog'", "= evil, pg_catalog")
                   for name, value in settings.items())


# Those that a server refuses to start a session with are set where no honest tool has to log in any more.
TO_ALL = "SET client_min_messages = error;\nDO $do$ BEGIN\n" + "".join(
    f"EXECUTE format($$ALTER DATABASE %I SET \"{name}\" = '{value}'$$, current_database());\n"
    f"EXECUTE format($$ALTER ROLE %I SET \"{name}\" = '{value}'$$, current_user);\n"
    for name, value in dict(SETTINGS, search_path="evil", local_preload_libraries="no_such_library",
                            session_preload_libraries="{library}").items()) + "END $do$;"

EVIL = """
CREATE FUNCTION evil() RETURNS int LANGUAGE plpgsql AS $f$ BEGIN
    BEGIN COPY (SELECT 1) TO PROGRAM 'touch {ran}'; EXCEPTION WHEN OTHERS THEN NULL; END;
    BEGIN COPY (SELECT 1) TO '{ran}'; EXCEPTION WHEN OTHERS THEN NULL; END;
    BEGIN PERFORM pg_read_file('{secret_file}'); EXCEPTION WHEN OTHERS THEN NULL; END;
    RETURN 1;
END $f$;
"""

HOSTILE_NAMES = [
    "\x1b[2J\x1b]0;owned\x07", "line\n::set-output name=x::y", "line\n##vso[task.setvariable variable=x]y",
    "<script>alert(1)</script>", "'\"><img src=x onerror=alert(1)>", "\u202egnp.exe", "a\u2066b\u2069", "\x9bm",
    "]]>&lt;", "::error::x", "##[error]x", "%s%n%s", "; DROP TABLE goods; --", "..\\..\\etc", "\u2028line",
]


def names():
    text = BASE
    for n, name in enumerate(HOSTILE_NAMES):
        quoted = '"' + name.replace('"', '""') + '"'
        literal = "'" + name.replace("'", "''") + "'"
        text += f"CREATE TABLE {quoted} ({quoted} text PRIMARY KEY, n int);\n"
        text += f"INSERT INTO {quoted} VALUES ({literal}, 1), ('x', 2);\nCOMMENT ON TABLE {quoted} IS {literal};\n"
    return text


def damaged_names(dump):
    """Of a plain dump: every row of the tables with hostile names is another one."""
    return dump.replace("\t1\n", "\t7\n").encode()


def bomb(honest, megabytes=96):
    """A dump that goes on with comments for a long time, in two layers of gzip."""
    inner = io.BytesIO()
    before, after = put(honest, "\0", "head").encode().split(b"\0")
    with gzip.GzipFile(fileobj=inner, mode="wb", compresslevel=9) as z:
        z.write(before)
        block = (b"-- " + b"x" * 1020 + b"\n") * 1024
        for _ in range(megabytes):
            z.write(block)
        z.write(after)
    return gzip.compress(inner.getvalue())


def flips(archive, n, seed=15):
    chance = random.Random(seed)
    for _ in range(n):
        bit = chance.randrange(len(archive) * 8)
        damaged = bytearray(archive)
        damaged[bit // 8] ^= 1 << bit % 8
        yield bit, bytes(damaged)


def cut_inside_copy(dump):
    at = dump.index("COPY public.goods")
    return dump[:dump.index("\n350\t", at) + 12].encode()


def cut_between_statements(dump):
    return dump[:dump.index("\\.\n", dump.index("COPY public.goods")) + 3].encode()


def without_rows(dump):
    return re.sub(r"(COPY public\.goods [^\n]*;\n).*?(\\\.\n)", r"\1\2", dump, flags=re.S).encode()


def cases():
    for name, text in PSQL:
        # Whoever writes a hostile dump leaves the lines out that would stop psql, but for where they are the trick.
        own = "the dump's own" in name
        yield Case("psql " + name, alone=True, build=lambda d, text=text, own=own, **k:
                   put(d if own else unrestricted(d), text, "tail" if own else "head"))
    yield Case(r"psql \restrict x in front, \! at the end", at="top", text="\\restrict x\n",
               build=lambda d, **k: ("\\restrict x\n" + put(d, "\\unrestrict x\n\\! touch {ran}", "tail")), alone=True)
    for name, text in SQL:
        yield Case("SQL " + name, text)
    for name, text in LIES:
        yield Case("lie: " + name, text, finding="catalog.intact", alone=True)
    yield Case("lie: count() begins at 5", "UPDATE pg_catalog.pg_aggregate SET agginitval = '5' WHERE aggfnoid = 2803;")
    yield Case("settings of the database, of its roles, of all", TO_ALL, passes=("relation.rows", "relation.digest",
               "relation.columns", "privilege.grants"))
    yield Case("dump cut inside COPY", build=lambda d, **k: cut_inside_copy(d), alone=True)
    yield Case("dump cut between statements", build=lambda d, **k: cut_between_statements(d), alone=True)
    yield Case("dump without the rows of a table", build=lambda d, **k: without_rows(d), finding="relation.rows")
    yield Case("empty file", build=lambda d, **k: b"", alone=True)
    yield Case("endless CHECK", "CREATE FUNCTION public.stay(int) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN LOOP END LOOP;"
               " END $$;\nCREATE TABLE public.stay (a int CHECK (public.stay(a)));\nINSERT INTO public.stay VALUES (1);",
               status=(1, 2), stock=False, args=["--timeout", "5s"], alone=True, alone_status=2)
    yield Case("endless index expression", "CREATE FUNCTION public.stay(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$"
               " BEGIN LOOP PERFORM 1; END LOOP; END $$;\nCREATE TABLE public.stay AS SELECT 1 AS a;\n"
               "CREATE INDEX ON public.stay (public.stay(a));", status=(1, 2), stock=False, args=["--timeout", "5s"], alone=True, alone_status=2)
    yield Case("endless materialised view", "CREATE MATERIALIZED VIEW public.stay AS SELECT count(*) FROM"
               " generate_series(1, 10000000000000) g;", status=(1, 2), stock=False, args=["--timeout", "5s"], alone=True, alone_status=2)
    yield Case("disk filler", "CREATE TABLE public.fill AS SELECT repeat(md5(g::text), 30) FROM"
               " generate_series(1, 1000000000) g;", status=(2, 1), stock=False, args=["--timeout", "60s"], disk=True)
    yield Case("disk filler by temporary files", "SELECT count(*) FROM (SELECT g, md5(g::text) FROM"
               " generate_series(1, 1000000000) g ORDER BY 2) x;", status=(2, 1), stock=False,
               args=["--timeout", "60s"], disk=True)
    yield Case("memory filler", "SELECT length(string_agg(repeat('x', 1000000), '')) FROM generate_series(1, 1000000);",
               status=(1, 2), args=["--timeout", "60s"])
    yield Case("NOTICE flood", "DO $$ BEGIN FOR i IN 1..300000 LOOP RAISE NOTICE 'flood %', i; END LOOP; END $$;")
    yield Case("zip bomb in two layers", build=lambda d, **k: bomb(d), stock=False, status=(1, 2))
    yield Case("names for terminals and reports", database=names(), build=lambda d, **k: damaged_names(d), stock=False,
               finding="relation.digest")
    yield Case("honest: rows and names that look like commands", status=(0,), database=BASE, stock=False)
    yield Case("source: settings of the database and its roles", status=(0,), stock=False,
               database=BASE + "CREATE SCHEMA evil;" + set_all("DATABASE {db}", SETTINGS))
    yield Case("source: functions in defaults, checks, indexes, views", status=(0,), stock=False, kind="archive",
               database=BASE + EVIL + "CREATE FUNCTION evil(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT"
               " public.evil() * $1'; CREATE TABLE bad (a int DEFAULT evil() CHECK (evil(a) > 0)); CREATE INDEX ON bad"
               " (evil(a)); INSERT INTO bad DEFAULT VALUES; CREATE MATERIALIZED VIEW bad_view AS SELECT evil();")
    yield Case("source: event trigger", status=(0,), stock=False, kind="archive",
               database=BASE + EVIL + "CREATE FUNCTION on_event() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN"
               " PERFORM public.evil(); END $$; CREATE EVENT TRIGGER bad ON ddl_command_end EXECUTE FUNCTION on_event();"
               " ALTER EVENT TRIGGER bad ENABLE ALWAYS;")
    yield Case("source: login event trigger", status=(0,), stock=False, kind="archive", server="newest", tool_runs=True,
               database=BASE + EVIL + "CREATE FUNCTION on_login() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN"
               " PERFORM public.evil(); PERFORM set_config('search_path', 'evil', false); END $$; CREATE EVENT TRIGGER"
               " bad ON login EXECUTE FUNCTION on_login(); ALTER EVENT TRIGGER bad ENABLE ALWAYS;")
