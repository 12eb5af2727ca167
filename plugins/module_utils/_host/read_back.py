# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keystores as their product will read them, before it gets them: some act on the switch itself, and one that cannot be
opened takes them off the network."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ansible_collections.certwright.tls.plugins.module_utils._host.files import read_optional
from ansible_collections.certwright.tls.plugins.module_utils._host.openssl import has_openssl, run_openssl
from ansible_collections.certwright.tls.plugins.module_utils._host.pem import Block, load_blocks
from ansible_collections.certwright.tls.plugins.module_utils._host.request import FileSpec, Material, Service, Setting
from ansible_collections.certwright.tls.plugins.module_utils._host.trust_keytool import Entry
from ansible_collections.certwright.tls.plugins.module_utils._host.trust_keytool import Keystore as JavaKeystore
from ansible_collections.certwright.tls.plugins.module_utils._host.trust_places import PlaceError, find_program

# What makes a certificate one that Java trusts (Oracle's trustedKeyUsage), as `openssl pkcs12` prints it.
_TRUSTED = re.compile(r"2\.16\.840\.1\.113894\.746875\.1\.1|Trusted key usage \(Oracle\)")
_FRIENDLY_NAME = re.compile(r"^ *friendlyName: (.*)$", re.MULTILINE)
_COMMENT = re.compile(r"(?m)^\s*(?:#|//|!).*$")
# What is no passphrase as it stands: a substitution (HOCON), an escape, or one that Jetty disguises.
_INDIRECT = re.compile(r"\$\{|\\|\A(?:OBF|MD5|CRYPT):")


@dataclass(frozen=True)
class Store:
    """A staged file, what opens it, and what it has to hold."""

    path: str
    spec: FileSpec
    passphrase: str = field(repr=False)
    entries: int
    leaf: str = ""
    alias: str = ""


def find_read_back_faults(service: Service, directory: str, material: Material, *, certificate: str) -> Iterator[str]:
    """Of what was just staged, each as a sentence without any secret."""
    if not service.read_back:
        return
    for spec in service.files:
        words = material.keystores.get(f"{service.name}/{spec.name}", {})
        if "entries" not in words:
            continue
        alias = spec.alias or certificate
        store = Store(
            os.path.join(directory, spec.name), spec, words["passphrase"], int(words["entries"]), material.leaf, alias
        )
        yield from _find_settings_faults(service, store)
        yield from _find_store_faults(store, service.keytool)


def _find_settings_faults(service: Service, store: Store) -> Iterator[str]:
    settings = [item for item in service.settings if item.file == store.spec.name]
    for path in sorted({item.path for item in settings if _has_other(item, store.passphrase)}):
        fact = f"{path} has another passphrase for {store.spec.name} than was given, and it could not be opened"
        yield f"{fact}; say the same one in both places"


def _has_other(setting: Setting, passphrase: str) -> bool:
    """Only what stands there as it is can be compared."""
    text = _COMMENT.sub("", (read_optional(setting.path) or b"").decode("utf-8", "replace"))
    found = [value for value in re.findall(setting.pattern, text) if value and not _INDIRECT.search(value)]
    return bool(found) and passphrase not in found


def _find_store_faults(store: Store, keytool: str) -> Iterator[str]:
    program = find_program(keytool or "keytool")
    if program is None and keytool:
        yield f"The program {keytool} is not on this host; say `keytool` of the Java that the product runs with"
        return
    if program is None and not has_openssl():
        yield f"Neither keytool nor openssl is on this host to read {store.spec.name} back with; install one of them"
        return
    try:
        entries = JavaKeystore(store.path, program, store.passphrase).list_entries() if program else _ask_openssl(store)
    except PlaceError as error:
        yield f"{store.spec.name} cannot be read back: {error}"
        return
    yield from _compare(store, entries)


def _compare(store: Store, entries: list[Entry]) -> Iterator[str]:
    if store.spec.format == "truststore":
        trusted = [entry for entry in entries if not entry.holds_key and entry.certificates]
        if len(trusted) != store.entries:
            yield f"{store.spec.name} shows {len(trusted)} trusted certificates instead of {store.entries}"
        return
    leaf = load_blocks(store.leaf.encode("ascii"))[:1]
    found = [entry for entry in entries if entry.holds_key and entry.alias.lower() == store.alias.lower()]
    if not found or found[0].certificates[:1] != leaf:
        yield f"{store.spec.name} shows no entry `{store.alias}` with the private key and the new certificate"


def _ask_openssl(store: Store) -> list[Entry]:
    """As far as it can tell: the key's bag has the alias, and so has the certificate that belongs to it."""
    shown = run_openssl(("pkcs12", "-in", store.path, "-nokeys"), passphrase=store.passphrase)
    if shown.code:
        raise PlaceError("java_store_unreadable", f"openssl ended with {shown.code}")
    text = shown.output.decode("utf-8", "replace")
    if store.spec.format == "truststore":
        return [Entry("", False, blocks) for blocks in _cut_trusted(text)]
    names = _FRIENDLY_NAME.findall(text)
    return [Entry(names[0] if names else "", True, load_blocks(text.encode()))]


def _cut_trusted(text: str) -> Iterator[tuple[Block, ...]]:
    for bag in text.split("Bag Attributes")[1:]:
        if _TRUSTED.search(bag):
            yield load_blocks(bag.encode())
