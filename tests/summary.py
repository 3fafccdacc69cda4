#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Count the test cases in meson's JUnit log: every TAP case by itself, any other test as one."""
import sys
import xml.etree.ElementTree as ET

passed = failed = 0
for suite in ET.parse(sys.argv[1]).getroot().iter("testsuite"):
    for case in suite.iter("testcase"):
        name = f"{suite.get('name')}: {case.get('name')}"
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
            print(f"FAILED  {name}")
        elif case.find("skipped") is not None:
            print(f"skipped {name}")
        else:
            passed += 1
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed or not passed else 0)
