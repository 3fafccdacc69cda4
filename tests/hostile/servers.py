# SPDX-License-Identifier: MIT
"""A throw-away PostgreSQL on which hostile databases are made, and on which stock tools may do their worst."""
import glob
import os
import pwd
import shutil
import subprocess
import time


def newest_bindir():
    chosen = os.environ.get("RP_PG_BINDIR")
    if chosen:
        return chosen
    found = [d for d in glob.glob("/usr/lib/postgresql/*/bin") if os.path.exists(d + "/initdb")]
    return max(found, key=lambda d: int(d.split("/")[-2])) if found else None


def unprivileged():
    """The words in front of a command that root runs as somebody else; none when we are somebody else already."""
    if os.getuid() != 0:
        return [], None
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--"], user
    raise SystemExit("no user to run a server as")


class Server:
    def __init__(self, work, name, bindir, env):
        self.bindir, self.dir = bindir, os.path.join(work, name)
        self.prefix, user = unprivileged()
        os.mkdir(self.dir)
        if user:
            os.chown(self.dir, user.pw_uid, user.pw_gid)
        self.env = dict(env, PGHOST=self.dir, PGPORT="5432", PGUSER="postgres", PATH=bindir + ":" + os.environ["PATH"])
        for name in ("PGDATABASE", "PGSERVICE", "PGOPTIONS", "PGPASSWORD"):
            self.env.pop(name, None)
        self.process = None
        self.start()

    def start(self):
        log = open(self.dir + ".log", "ab")
        if not os.path.exists(self.dir + "/data"):
            subprocess.run(self.prefix + [self.bindir + "/initdb", "-D", self.dir + "/data", "-U", "postgres",
                           "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"], check=True, env=self.env,
                           cwd="/", stdout=log, stderr=log)
        self.process = subprocess.Popen(self.prefix + [self.bindir + "/postgres", "-D", self.dir + "/data", "-c",
                                        "listen_addresses=", "-c", "fsync=off", "-c", "unix_socket_directories=" +
                                        self.dir], env=self.env, cwd="/", stdout=log, stderr=log)
        for _ in range(200):
            if self.run(["psql", "-X", "-d", "postgres", "-c", "SELECT 1"])[0] == 0:
                return
            time.sleep(0.1)
        raise SystemExit(f"the server did not start: see {self.dir}.log")

    def stop(self):
        self.process.send_signal(2)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def run(self, argv, stdin=b"", timeout=60):
        """Exit status (None: it did not end in time) and all that it said."""
        try:
            done = subprocess.run(argv, input=stdin, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  timeout=timeout, cwd="/")
        except subprocess.TimeoutExpired as late:
            return None, (late.stdout or b"").decode(errors="replace")
        return done.returncode, done.stdout.decode(errors="replace")

    def sql(self, database, text):
        status, said = self.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", database], text.encode())
        if status != 0:
            raise SystemExit(f"{database}: {said}")

    def make(self, database, text):
        self.sql("postgres", f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
        self.sql("postgres", f'CREATE DATABASE "{database}" TEMPLATE template0')
        self.sql(database, text)

    def dump(self, database, *options):
        return subprocess.run(["pg_dump", *options, "-d", database], env=self.env, check=True, cwd="/",
                              stdout=subprocess.PIPE).stdout

    def uri(self, database):
        return f"postgresql://postgres@/{database}?host={self.dir}"

    def worst(self, kind, path, database="stock"):
        """What the stock tool does with a file, as superuser: the way in which people restore."""
        self.sql("postgres", f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
        self.sql("postgres", f"CREATE DATABASE {database} TEMPLATE template0")
        if kind == "archive":
            status, said = self.run(["pg_restore", "-d", database, path], timeout=20)
        else:
            with open(path, "rb") as f:
                status, said = self.run(["psql", "-X", "-q", "-d", database], f.read(), timeout=20)
        if self.process.poll() is not None or self.run(["psql", "-X", "-d", "postgres", "-c", "SELECT 1"])[0] != 0:
            self.stop()
            shutil.rmtree(self.dir + "/data")
            self.start()
        return status, said
