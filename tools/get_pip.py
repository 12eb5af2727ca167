# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 the certwright.tls authors

"""Stands in for the installer that ansible-test downloads: Python brings a pip that does the same."""

import subprocess
import sys

subprocess.check_call([sys.executable, "-m", "ensurepip", "--default-pip"])
arguments = [a for a in sys.argv[1:] if a not in {"--no-setuptools", "--no-wheel"}]
subprocess.check_call([sys.executable, "-m", "pip", "install", *arguments])
