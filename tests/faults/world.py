# SPDX-License-Identifier: MIT
"""A worker's own world: a source server, a directory for outputs and one for scratch, and who is left in it."""
import ctypes
import os
import resource
import shutil
import signal
import subprocess
import time

DEADLINE_S = 60  # a run takes one second: this is a hang
GRACE_S = 5.0  # a box whose first process is gone is ended by the kernel, in its own time


class Outcome:
    def __init__(self, status, out, err, seconds, hung, log):
        self.status, self.out, self.err = status, out, err
        self.seconds, self.hung, self.log = seconds, hung, log
        self.fired = "fired " in log

    def crashed(self):
        return not self.hung and (self.status < 0 or self.status > 4)


def subreaper():
    """Whoever loses its parent becomes a child of ours, and is seen."""
    if ctypes.CDLL(None, use_errno=True).prctl(36, 1, 0, 0, 0) != 0:
        raise OSError("no subreaper")


def processes():
    """{pid: (parent, state, name)}"""
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", "rb") as f:
                    text = f.read().decode(errors="replace")
            except OSError:
                continue
            name, rest = text[text.index("(") + 1 : text.rindex(")")], text[text.rindex(")") + 2 :].split()
            found[int(entry)] = (int(rest[1]), rest[0], name)
    return found


def below(root, every):
    found = set()
    fresh = {root}
    while fresh:
        fresh = {pid for pid, (parent, _, _) in every.items() if parent in fresh} - found
        found |= fresh
    return found


def send(pids, what):
    for pid in pids:
        try:
            os.kill(pid, what)
        except OSError:
            pass


class World:
    def __init__(self, number, config):
        self.config = config
        self.dir = os.path.join(config.work, f"w{number}")
        os.mkdir(self.dir, 0o711)
        self.out, self.tmp, self.home = (self.path(n) for n in ("out", "t", "home"))
        self.socket = self.path("s")
        self.server = None
        self.mounted = False
        for name in (self.out, self.home, self.socket):
            os.mkdir(name)
        os.mkdir(self.tmp)
        os.chmod(self.tmp, 0o1777)
        self.as_server = os.environ.get("RP_AS_SERVER", "").split()
        subprocess.run(["cp", "-a", os.path.join(config.work, "pg/data"), self.path("data")], check=True)
        st = os.stat(self.path("data"))
        os.chown(self.socket, st.st_uid, st.st_gid)
        self.uri = f"postgresql://postgres@/shop?host={self.socket}"
        self.start_server()

    def path(self, *names):
        return os.path.join(self.dir, *names)

    # The source

    def start_server(self):
        if self.server and self.server.poll() is None:
            return
        args = self.as_server + ["postgres", "-D", self.path("data"), "-c", "listen_addresses=", "-c", "fsync=off",
                                 "-c", f"unix_socket_directories={self.socket}", "-c", "autovacuum=off"]
        for _ in range(5):
            with open(self.path("server.log"), "ab") as log:
                self.server = subprocess.Popen(args, cwd=self.dir, stdout=log, stderr=log, start_new_session=True)
            for _ in range(200):
                asked = subprocess.run(["psql", "-X", "-q", "-c", "SELECT 1", self.uri], capture_output=True)
                if asked.returncode == 0:
                    return
                if self.server.poll() is not None:
                    break  # its predecessor's children are still going
                time.sleep(0.05)
            time.sleep(0.3)
        raise RuntimeError("the source does not start: " + open(self.path("server.log")).read()[-2000:])

    def source_pids(self):
        return ({self.server.pid} | below(self.server.pid, processes())) if self.server else set()

    def close(self):
        self.unmount()
        if self.server and self.server.poll() is None:
            send(self.source_pids(), signal.SIGCONT)
            self.server.send_signal(signal.SIGINT)
            self.server.wait()

    # A run

    def start(self, args, fault=None, env=None, limit=None):
        full = {"PATH": os.environ["PATH"], "HOME": self.home, "TMPDIR": self.tmp, "LC_ALL": "C.UTF-8"}
        if "ASAN_OPTIONS" in os.environ:
            full["ASAN_OPTIONS"] = os.environ["ASAN_OPTIONS"]
        full.update(env or {})
        log = self.path("fault.log")
        if os.path.exists(log):
            os.unlink(log)
        if fault is not None:
            full.update(LD_PRELOAD=self.config.inject, RP_FAULT=fault, RP_FAULT_LOG=log)

        def before():
            if limit:
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        with open(self.path("stdout"), "wb") as out, open(self.path("stderr"), "wb") as err:
            self.began = time.monotonic()
            return subprocess.Popen([self.config.reprove] + args, cwd=self.out, env=full, stdin=subprocess.DEVNULL,
                                    stdout=out, stderr=err, preexec_fn=before if limit else None,
                                    start_new_session=True)

    def finish(self, process, deadline=DEADLINE_S):
        hung = False
        try:
            process.wait(deadline)
        except subprocess.TimeoutExpired:
            hung = True
            where = "".join(self.read_text(f"/proc/{process.pid}/task/{t}/wchan") + " "
                            for t in os.listdir(f"/proc/{process.pid}/task"))
            stack = subprocess.run(["gdb", "-p", str(process.pid), "-batch", "-ex", "thread apply all bt 12"],
                                   capture_output=True, text=True).stdout if shutil.which("gdb") else where
            process.kill()
            process.wait()
        seconds = time.monotonic() - self.began
        log = self.read_text(self.path("fault.log"))
        if hung:
            log += "\nhung at: " + stack[-3000:]
        return Outcome(process.returncode, self.read_text(self.path("stdout")), self.read_text(self.path("stderr")),
                       seconds, hung, log)

    def run(self, args, **how):
        return self.finish(self.start(args, **how))

    @staticmethod
    def read_text(path):
        try:
            with open(path, "rb") as f:
                return f.read().decode(errors="replace")
        except OSError:
            return ""

    # What is left

    def strangers(self):
        """Processes of a run: whatever is below us and is not the source."""
        every = processes()
        mine = below(os.getpid(), every) - self.source_pids()
        alive = set()
        for pid in mine:
            if every[pid][1] == "Z":
                if every[pid][0] == os.getpid():
                    try:
                        os.waitpid(pid, os.WNOHANG)
                    except OSError:
                        pass
            else:
                alive.add(pid)
        return {pid: every[pid][2] for pid in alive}

    def left_processes(self, grace=GRACE_S):
        until = time.monotonic() + grace
        while True:
            left = self.strangers()
            if not left or time.monotonic() > until:
                return [f"process {name} ({pid})" for pid, name in left.items()]
            time.sleep(0.02)

    def left_files(self, known):
        """Beside outputs, and in the directory for temporary files."""
        left = [os.path.join(self.tmp, name) for name in os.listdir(self.tmp) if name not in ("filler", "lost+found")]
        for where in (self.out, os.path.join(self.out, "rep")):
            if os.path.isdir(where):
                left += [os.path.join(where, name) for name in os.listdir(where) if name not in known]
        return left

    def end_strangers(self):
        left = self.strangers()
        send(left, signal.SIGCONT)
        send(left, signal.SIGKILL)
        self.left_processes(3)

    def sweep(self, known):
        """So that the next run is judged for itself."""
        self.end_strangers()
        for path in self.left_files(known):
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path, ignore_errors=True)
            else:
                os.unlink(path)

    # A disk of its own

    def mount(self, where, size):
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=1777", "faults", where],
                              capture_output=True, text=True)
        self.mounted = where if done.returncode == 0 else False
        return self.mounted

    def unmount(self):
        if self.mounted:
            self.end_strangers()
            for _ in range(50):
                if subprocess.run(["umount", self.mounted], capture_output=True).returncode == 0:
                    break
                time.sleep(0.1)
            self.mounted = False
