#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The damage catalogue as a document, and whether every check has a damage that it finds.

usage: damage_table.py SOURCE_ROOT REPROVE         print docs/damage.md
       damage_table.py SOURCE_ROOT REPROVE --tap   is docs/damage.md that, and is no check left out?
"""
import os
import re
import subprocess
import sys

root, reprove, *tap = sys.argv[1:]

GROUPS = {
    "backup": ("The backup's file and the manifest", "tests/server/damage_backup.sh"),
    "postgresql": ("PostgreSQL", "tests/server/damage.sh"),
    "mysql": ("MariaDB and MySQL", "tests/server/damage_mysql.sh"),
}
# What no damage of a backup can bring about: the test that sees the check fail.
ELSEWHERE = {
    "objective.rpo": "the place where backups lie: `tests/server/objectives.sh`",
    "scope.drop": "the source itself, before it was sealed: `tests/server/objectives.sh`",
    "scratch.connect": "the place it is restored to: `tests/server/checks.sh`",
    "scratch.isolated": "the place it is restored to: `tests/server/options.sh`",
    "collation.version": "another machine's libraries: `tests/server/checks.sh`",
    "engine.definers": "accounts of the server: `tests/server/engine_tests_mysql.sh`",
    "engine.charsets": "two tables of the source: `tests/server/engine_tests_mysql.sh`",
}


def entries(group):
    folder = os.path.join(root, "fixtures/damage", group)
    files = [os.path.join(at, name) for at, _, names in os.walk(folder) for name in names if name.endswith((".sql", ".sh"))]
    for path in sorted(files, key=os.path.basename):
        name = os.path.basename(path)
        with open(path, encoding="utf-8") as f:
            text = f.read()

        def said(what):
            return re.findall(rf"^(?:--|#) {what}: (.+)$", text, re.M)

        if not said("damage"):
            continue
        yield name.rsplit(".", 1)[0], said("damage")[0], said("finds"), (said("only") or [""])[0], (said("status") or ["1"])[0]


def checks():
    told = subprocess.run([reprove, "verify", "--list-checks"], capture_output=True, text=True, check=True).stdout
    return [line.split()[0] for line in told.splitlines()]


def row(name, what, finds, only, status):
    what += {"": "", "mariadb": " (MariaDB only)", "mysql": " (MySQL only)"}[only]
    found = ", ".join(sorted({f"`{f.split()[0]}`" for f in finds}))
    return f"| {name} | {what} | {found}{' (exit 3)' if status == '3' else ''} |"


def document():
    lines = [
        "# Damages that are found",
        "",
        "Each is done to a good backup or to a copy of the database that is then backed up, and verified: it must be found by the checks",
        "named here, and by no other. `make damage` does them all. `reprove selftest` does those that apply to your own backup.",
        "Printed by `tests/damage_table.py` from the entries in `fixtures/damage`.",
    ]
    for group, (title, test) in GROUPS.items():
        lines += ["", f"## {title}", "", f"`fixtures/damage/{group}`, run by `{test}`.", "", "| name | damage | found by |", "| --- | --- | --- |"]
        lines += [row(*e) for e in entries(group)]
    lines += ["", "## Checks that no backup's damage brings about", ""]
    lines += [f"- `{check}`: {why}" for check, why in ELSEWHERE.items()]
    return "\n".join(lines) + "\n"


def uncovered():
    found = {f.split()[0] for group in GROUPS for e in entries(group) for f in e[2]}
    for check in checks():
        if check not in found and check not in ELSEWHERE:
            yield f"no damage exercises '{check}'"
        if check in found and check in ELSEWHERE:
            yield f"'{check}' is exercised by a damage, and listed as if it were not"


if not tap:
    print(document(), end="")
else:
    wrong = list(uncovered())
    print("\n".join(f"# {w}" for w in wrong), file=sys.stderr)
    print("ok" if not wrong else "not ok", "1 - every check is exercised by a damage")
    with open(os.path.join(root, "docs/damage.md"), encoding="utf-8") as f:
        same = f.read() == document()
    print("ok" if same else "not ok", "2 - docs/damage.md is what the catalogue says")
    print("1..2")
    sys.exit(bool(wrong) or not same)
