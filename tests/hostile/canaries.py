# SPDX-License-Identifier: MIT
"""What must not happen, made visible: a file that appears, a connection that arrives, a secret that is read."""
import os
import secrets
import socket
import threading


class Canaries:
    """Everything below one directory that any user of this machine may write to: no right is what keeps it empty."""

    def __init__(self, work):
        self.dir = os.path.join(work, "canary")
        os.mkdir(self.dir)
        os.chmod(self.dir, 0o1777)
        self.ran = os.path.join(self.dir, "ran")
        self.secret = secrets.token_hex(16)
        self.secret_file = os.path.join(work, "secret.txt")
        with open(self.secret_file, "w") as f:
            f.write(self.secret + "\n")
        os.chmod(self.secret_file, 0o644)
        self.variable = secrets.token_hex(16)
        self.calls = []
        self.lock = threading.Lock()
        self.port = self._listen(socket.AF_INET, ("127.0.0.1", 0), "TCP").getsockname()[1]
        # Where another PostgreSQL would be: a restore that logs in there would read or change other people's data.
        self.socket_dir = os.path.join(work, "other")
        os.mkdir(self.socket_dir)
        os.chmod(self.socket_dir, 0o755)
        path = os.path.join(self.socket_dir, ".s.PGSQL.5432")
        self._listen(socket.AF_UNIX, path, "unix socket")
        os.chmod(path, 0o777)

    def _listen(self, family, address, what):
        s = socket.socket(family, socket.SOCK_STREAM)
        s.bind(address)
        s.listen(50)

        def serve():
            while True:
                try:
                    c, _ = s.accept()
                except OSError:
                    return
                with self.lock:
                    self.calls.append(what)
                c.close()

        threading.Thread(target=serve, daemon=True).start()
        return s

    def fired(self, *texts):
        """What has happened since the last time, in words, and forget it. texts: all that a tool said or wrote."""
        with self.lock:
            found = sorted(set(self.calls))
            self.calls.clear()
        for name in sorted(os.listdir(self.dir)):
            found.append("file")
            os.unlink(os.path.join(self.dir, name))
        for text in texts:
            if self.secret in text:
                found.append("secret read")
            if self.variable in text:
                found.append("environment read")
        return sorted(set(found))
