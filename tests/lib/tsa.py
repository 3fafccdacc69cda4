#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tsa.py PORT_FILE NAME=COMMAND...: time stamping authorities over HTTP, on this machine alone. /NAME answers what COMMAND
writes; /html a page; /down 503; /old whatever was answered first."""
import http.server
import os
import subprocess
import sys

commands = dict(word.split("=", 1) for word in sys.argv[2:])
first = []


class Authority(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        query = self.rfile.read(int(self.headers["Content-Length"]))
        name = self.path.strip("/")
        body, kind, status = b"<html>Welcome", "text/html", 200
        if name in commands and self.headers["Content-Type"] == "application/timestamp-query":
            body = subprocess.run([commands[name]], input=query, stdout=subprocess.PIPE, check=True).stdout
            kind = "application/timestamp-reply"
            first.append(body)
        elif name == "old":
            body, kind = first[0], "application/timestamp-reply"
        elif name != "html":
            status = 503
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Authority)
with open(sys.argv[1] + ".new", "w") as f:
    f.write(str(server.server_address[1]))
os.rename(sys.argv[1] + ".new", sys.argv[1])
server.serve_forever()
