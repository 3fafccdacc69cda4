#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Count the test cases in meson's JUnit log: every TAP case by itself, any other test as one."""
import json
import sys
import xml.etree.ElementTree as ET

passed = failed = 0
told = set()
for suite in ET.parse(sys.argv[1]).getroot().iter("testsuite"):
    for case in suite.iter("testcase"):
        name = f"{suite.get('name')}: {case.get('name')}"
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
            told.add(suite.get("name"))
            print(f"FAILED  {name}")
        elif case.find("skipped") is not None:
            print(f"skipped {name}")
        else:
            passed += 1
# One whose cases all pass and that failed all the same: it crashed, or did not say what it had planned to.
with open(sys.argv[1].replace(".junit.xml", ".json"), encoding="utf-8") as log:
    for test in map(json.loads, log):
        name = test["name"].split(" / ")[-1]
        if test["result"] not in ("OK", "SKIP", "EXPECTEDFAIL") and not any(t.endswith(name) for t in told):
            failed += 1
            print(f"FAILED  {name}: {test['result']}")
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed or not passed else 0)
