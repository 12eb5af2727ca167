# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The `keytool` of a JDK on the host. The passphrase goes by its environment, never by its arguments."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.certwright.tls.plugins.module_utils._host.commands import CommandResult
from ansible_collections.certwright.tls.plugins.module_utils._host.pem import Block, load_blocks
from ansible_collections.certwright.tls.plugins.module_utils._host.trust_places import PlaceError, find_program

DEADLINE = 60.0
_VARIABLE = "CERTWRIGHT_STOREPASS"
_ALIAS = "Alias name: "
_KEYTOOL = "keytool"
# What it says is read. A JVM that ends at once takes half the time without its second compiler, where it has one.
_JVM = (
    "-J-Duser.language=en",
    "-J-Duser.country=US",
    "-J-XX:+IgnoreUnrecognizedVMOptions",
    "-J-XX:TieredStopAtLevel=1",
)


@dataclass(frozen=True)
class Entry:
    """`holds_key` is whether it has a private key beside its certificates."""

    alias: str
    holds_key: bool
    certificates: tuple[Block, ...]


@dataclass(frozen=True)
class Keystore:
    """A keystore at a path, and the program that reads and writes it."""

    path: str
    program: str
    passphrase: str = field(repr=False)

    def at(self, path: str) -> Keystore:
        return Keystore(path, self.program, self.passphrase)

    def read(self) -> dict[str, tuple[Block, ...]]:
        """The certificates of each entry by its alias. Raises PlaceError (java_store_unreadable)."""
        return {entry.alias: entry.certificates for entry in self.list_entries()}

    def list_entries(self) -> list[Entry]:
        """Raises PlaceError (java_store_unreadable)."""
        listed = self._run("-list", "-rfc")
        if not listed.ok:
            way_out = "pass its passphrase, and as keytool the one of the JDK that it belongs to"
            raise PlaceError("java_store_unreadable", f"keytool cannot read {self.path}: {_say_why(listed)}; {way_out}")
        return [_load_entry(text) for text in listed.output.split(_ALIAS)[1:]]

    def delete(self, alias: str) -> None:
        self._require("-delete", "-alias", alias)

    def add(self, alias: str, file: str) -> None:
        self._require("-importcert", "-noprompt", "-alias", alias, "-file", file)

    def _require(self, *words: str) -> None:
        ran = self._run(*words)
        if not ran.ok:
            raise PlaceError("java_store_unwritable", f"`keytool {words[0]}` failed: {_say_why(ran)}")

    def _run(self, *words: str) -> CommandResult:
        argv = (self.program, *words, "-keystore", self.path, "-storepass:env", _VARIABLE, *_JVM)
        environment = dict(os.environ, LC_ALL="C.UTF-8", **{_VARIABLE: self.passphrase})
        try:
            return _start(argv, environment)
        except subprocess.TimeoutExpired:
            return CommandResult(argv, 124, f"it did not end within {DEADLINE:g} s and was killed")
        except OSError as error:
            return CommandResult(argv, 127, f"cannot start: {error.strerror}")


def _load_entry(text: str) -> Entry:
    return Entry(text.partition("\n")[0].strip(), "Entry type: PrivateKeyEntry" in text, load_blocks(text.encode()))


def _start(argv: tuple[str, ...], environment: Mapping[str, Any]) -> CommandResult:
    # AnsibleModule.run_command has no deadline.
    ran = subprocess.run(  # pylint: disable=ansible-bad-function
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment,
        cwd="/",
        timeout=DEADLINE,
        check=False,
    )
    return CommandResult(argv, ran.returncode, ran.stdout.decode("utf-8", "replace"))


def _say_why(ran: CommandResult) -> str:
    """The line with its error; a JVM says other things around it."""
    lines = [line.strip() for line in ran.output.splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower()]
    return (errors or lines or [f"it ended with {ran.code} and said nothing"])[0][:300]


def find_keytool(given: str) -> str:
    """Raises PlaceError (keytool_missing)."""
    found = find_program(os.path.expanduser(given or _KEYTOOL))
    if found is None:
        fact = f"the program {given or _KEYTOOL} is not on this host"
        raise PlaceError("keytool_missing", f"{fact}; say `keytool`, the path of that JDK's own, such as …/bin/keytool")
    return found
