#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Something to be notified: an HTTP server on this machine that writes down what it is sent, and misbehaves as asked.

usage: sink.py LOG PORT_FILE [CERT KEY]
The first part of the path says how it answers: /ok, /busy (503, then 200), /500, /404, /redirect, /hang, /endless.
"""
import http.server
import json
import os
import ssl
import sys
import threading
import time

log_name, port_file, *tls = sys.argv[1:]
lock = threading.Lock()
busy = set()


class Sink(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        how = self.path.split("?")[0].split("/")[1]
        with lock, open(log_name, "a") as log:
            first = self.path not in busy
            busy.add(self.path)
            headers = {k.lower(): v for k, v in self.headers.items()}
            json.dump({"path": self.path, "headers": headers, "body": body.decode()}, log)
            log.write("\n")
        if how == "hang":
            time.sleep(30)
            return
        status = {"busy": 503 if first else 200, "500": 500, "404": 404, "redirect": 302}.get(how, 200)
        self.send_response(status)
        if how == "redirect":
            self.send_header("Location", "/ok/elsewhere")
        if how == "endless":
            self.end_headers()
            try:
                while True:
                    self.wfile.write(b"x" * 65536)
            except OSError:
                return
        self.send_header("Content-Length", "0")
        self.end_headers()


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sink)
server.daemon_threads = True
if tls:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*tls)
    server.socket = context.wrap_socket(server.socket, server_side=True)
with open(port_file + ".new", "w") as f:
    f.write(str(server.server_address[1]))
os.rename(port_file + ".new", port_file)
server.serve_forever()
