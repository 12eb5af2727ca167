# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 the certwright.tls authors

"""Prints "passed failed skipped" of a JUnit file; an exit status that no test accounts for is one failure more."""

import sys
import xml.etree.ElementTree as ET
from pathlib import Path

report, status = Path(sys.argv[1]), int(sys.argv[2])
suites = list(ET.parse(report).getroot().iter("testsuite")) if report.exists() else []


def total(attribute: str) -> int:
    return sum(int(suite.get(attribute, "0")) for suite in suites)


failed = total("failures") + total("errors")
skipped = total("skipped")
passed = total("tests") - failed - skipped
if status and not failed:
    failed = 1
print(passed, failed, skipped)
