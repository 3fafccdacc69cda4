#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a manifest says of a MySQL or MariaDB table, computed anew from what the vendor's own client prints of it.
Written from docs/digest-format.md; shares no code with reprove.

    mysql.py vectors docs/digest-format.md       the values of section 8
    mysql.py query MANIFEST RELATION DATABASE    the SELECT to ask, by: mysql --batch --raw --skip-column-names
    mysql.py rows MANIFEST RELATION < rows       its rows against the manifest

The session that asks needs time_zone '+00:00', sql_mode '' and utf8mb4. Exit status 0: equal, 1: not equal, 77:
libxxhash is not here.
"""
import base64
import ipaddress
import json
import re
import struct
import sys
import uuid

from digest import Checker, Relation


def name(text):
    return "`" + text.replace("`", "``") + "`"


def select(column):
    """What makes the client print all there is of a value: text and bytes as hexadecimal digits."""
    n, encoding = name(column["name"]), column["encoding"]
    if encoding == "bytes" and column["type"].startswith("bit"):
        return f"HEX(CAST({n} AS BINARY))"
    if encoding in ("bytes", "json"):
        return f"HEX({n})"
    if encoding in ("float", "double"):
        return f"{n} + 0e0"  # a double is printed so that it can be read back, a float is not
    if encoding == "number":
        return f"{n} + 0"
    return n


def date(text):
    year, month, day = (int(x) for x in text.split("-"))
    return struct.pack(">HBB", year, month, day)


def clock(text):
    """Hours, minutes, seconds, microseconds."""
    hours, minutes, seconds = text.split(":")
    seconds, _, fraction = seconds.partition(".")
    return int(hours), int(minutes), int(seconds), int((fraction + "000000")[:6])


def datetime(text):
    day, _, time = text.partition(" ")
    h, m, s, us = clock(time or "0:0:0")
    return date(day) + struct.pack(">BBBI", h, m, s, us)


def time(text):
    h, m, s, us = clock(text.lstrip("-"))
    total = ((h * 60 + m) * 60 + s) * 1000000 + us
    return struct.pack(">q", -total if text.startswith("-") else total)


def decimal(text):
    """ZEROFILL's zeroes are none of the value's."""
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    return (sign + re.sub(r"^0+(?=[0-9])", "", digits)).encode()


ENCODINGS = {
    "int": lambda t: struct.pack(">q", int(t)),
    "uint": lambda t: struct.pack(">Q", int(t)),
    "number": lambda t: struct.pack(">Q", int(t)),
    "float": lambda t: struct.pack(">f", float(t)),
    "double": lambda t: struct.pack(">d", float(t)),
    "decimal": decimal,
    "date": date,
    "datetime": datetime,
    "time": time,
    "bytes": bytes.fromhex,
    "json": bytes.fromhex,
    "uuid": lambda t: uuid.UUID(t).bytes,
    "inet4": lambda t: ipaddress.IPv4Address(t).packed,
    "inet6": lambda t: ipaddress.IPv6Address(t).packed,
}


def vectors(path):
    with open(path, encoding="utf-8") as f:
        text = re.search(r"<!-- values -->\n```text\n(.*?)\n```\n", f.read(), re.S).group(1)
    check = Checker()
    for v in json.loads(text):
        check(f"{v['encoding']} {v['text']}", v["bytes"], ENCODINGS[v["encoding"]](v["text"]).hex())
    return check


def sealed(path, relation):
    with open(path, encoding="utf-8") as f:
        survey = json.loads(base64.b64decode(json.load(f)["payload"]))["predicate"]["survey"]
    return survey["method"], next(r for r in survey["relations"] if r["name"] == relation)


def rows(path, relation):
    method, want = sealed(path, relation)
    check, columns = Checker(), want["columns"]
    r = Relation(relation, [c.get("key", 0) for c in columns], bytes.fromhex(method["salt"]), method["wholeKeys"], None)
    r.like(want)
    for line in sys.stdin:
        cells = line.rstrip("\n").split("\t")
        if len(cells) != len(columns):
            raise ValueError(f"{len(cells)} cells in a row of {len(columns)} columns")
        r.add([None if t == "NULL" else ENCODINGS[c["encoding"]](t) for t, c in zip(cells, columns)], method["strong"])
    check("rows", want["rows"], str(r.count))
    check("digest", want["digest"], f"{r.digest:032x}")
    for c, (digest, nulls) in zip(columns, r.columns):
        check(f"column {c['name']}", (c["digest"], c["nulls"]), (f"{digest:016x}", str(nulls)))
    if method["strong"]:
        check("strong", want["strong"], r.strong())
    r.against(want, check)
    return check


def main(args):
    if len(args) == 2 and args[0] == "vectors":
        check = vectors(args[1])
    elif len(args) == 4 and args[0] == "query":
        _, want = sealed(args[1], args[2])
        print(f"SELECT {', '.join(select(c) for c in want['columns'])} FROM {name(args[3])}.{name(args[2])}")
        return 0
    elif len(args) == 3 and args[0] == "rows":
        check = rows(args[1], args[2])
    else:
        print(__doc__, file=sys.stderr)
        return 2
    print(f"{check.done} compared, {check.wrong} not equal")
    return 1 if check.wrong or not check.done else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
