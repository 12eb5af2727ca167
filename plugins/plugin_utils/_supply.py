# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Supplied material and declarations as they come in task arguments; files are read on the controller."""

from __future__ import annotations

import ssl
from functools import lru_cache
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.bundle import Material
from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import Certificate, load_anchors
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError, TlsError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Problem
from ansible_collections.certwright.tls.plugins.plugin_utils._core.supplied import Declaration, load_attributes
from ansible_collections.certwright.tls.plugins.plugin_utils._remote import PipelinedAction, read_file


def refuse_absent(arguments: dict[str, Any]) -> None:
    if arguments["state"] == "absent":
        fact = "the system certificate can be replaced, never removed: every service without its own falls back to it"
        way_out = "supply another one with `state: present`, or remove a domain's certificate"
        raise RefusedError.from_problems([Problem(str(arguments["name"]), "absent_refused", f"{fact}; {way_out}")])


def load_declaration(arguments: dict[str, Any]) -> Declaration:
    names = [arguments["external_url"], *(arguments["other_urls"] or ())]
    return Declaration(
        name=str(arguments["name"]),
        names=tuple(str(name) for name in names),
        services=tuple(arguments["services"] or ()),
        attributes=load_attributes(arguments),
        accepted=frozenset(str(code) for code in arguments["accept"] or ()),
        stage_only=bool(arguments["stage_only"]),
    )


def read_material(action: PipelinedAction, arguments: dict[str, Any]) -> Material:
    """All files that cannot be read are named together. Raises RefusedError."""
    problems: list[Problem] = []

    def read(part: str) -> bytes | None:
        try:
            return _read_part(action, arguments, part)
        except TlsError as error:
            problems.append(Problem(str(arguments["name"]), "file_unreadable", str(error)))
            return None

    certificate, private_key, ca = read("certificate"), read("private_key"), read("ca")
    passphrase = read("private_key_passphrase")
    if problems:
        raise RefusedError.from_problems(problems)
    return Material(
        name=str(arguments["name"]),
        certificate=certificate or b"",
        private_key=private_key or b"",
        ca=ca,
        passphrase=passphrase.decode("utf-8", "surrogateescape").rstrip("\r\n") if passphrase else None,
    )


def _read_part(action: PipelinedAction, arguments: dict[str, Any], part: str) -> bytes | None:
    source = arguments.get(f"{part}_src")
    if source is not None:
        return read_file(action, str(source))
    content = arguments.get(f"{part}_content", arguments.get(part))
    return None if content is None else str(content).encode("utf-8", "surrogateescape")


@lru_cache(maxsize=1)
def read_anchors() -> tuple[Certificate, ...]:
    """The controller's trust store, read once a process; empty where there is none."""
    path = ssl.get_default_verify_paths().cafile
    for candidate in (path, "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"):
        try:
            with open(candidate or "", "rb") as file:
                return load_anchors(file.read())
        except (OSError, TlsError):
            continue
    return ()
