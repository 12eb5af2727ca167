# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The words of a service declaration: each is read by its kind, and says what it wants when it gets something else."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import Certificate, load_certificates
from ansible_collections.certwright.tls.plugins.plugin_utils._core.keystore_passphrase import (
    KeystorePassphrase,
    load_passphrase,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.keystore_words import (
    find_fault,
    find_parts,
    find_required,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.revocation_list import (
    RevocationList,
    load_lists,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import (
    LEGACY,
    MODERN,
    OWN,
    PARTS,
    PEM,
    PKCS12,
    TRUSTSTORE,
    Probe,
    ServiceFile,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.word_kinds import (
    WordError,
    read_address,
    read_command,
    read_flag,
    read_http_path,
    read_instance,
    read_list,
    read_mapping,
    read_mode,
    read_path,
    read_port,
    read_ports,
    read_probe_names,
    read_service_name,
    read_text,
    read_texts,
    read_unit,
)

STARTTLS = ("smtp", "lmtp", "imap", "pop3", "sieve", "ldap", "postgres")
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")
_ALIAS = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,99}\Z")


def read_parts(value: object) -> tuple[str, ...]:
    parts = read_texts(value)
    unknown = [part for part in parts if part not in PARTS]
    if unknown or not parts:
        raise WordError(f"must be some of {', '.join(PARTS)}, in the order of the file; got `{', '.join(parts)}`")
    return parts


def read_file_name(value: object) -> str:
    text = read_text(value)
    if _FILE_NAME.match(text):
        return text
    raise WordError(f"must be a plain file name; `{text}` is not")


def read_alias(value: object) -> str:
    text = read_text(value)
    if _ALIAS.match(text):
        return text
    raise WordError(f"must be letters, digits, blanks, `.`, `_` and `-`; `{text}` is not")


def read_passphrase(value: object) -> KeystorePassphrase:
    """Never quoted. One that the controller has read brings the salt that it is recorded with."""
    passphrase = load_passphrase(value)
    if passphrase is None:
        raise WordError("must be a text of 6 to 500 characters, all of them printable ASCII, as Java reads it")
    return passphrase


def read_trust(value: object) -> tuple[Certificate, ...]:
    try:
        return load_certificates(str(value).encode("utf-8", "surrogateescape"), "trust")
    except UnusableError as error:
        raise WordError(f"must be the PEM of one certificate or more: {error.message}") from None


def read_crl(value: object) -> tuple[RevocationList, ...]:
    try:
        return load_lists(str(value).encode("utf-8", "surrogateescape"))
    except UnusableError as error:
        raise WordError(f"must be the PEM of lists of revocations: {error.message}") from None


def read_ca_names(value: object) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(read_texts(value)))
    if names:
        return names
    raise WordError("must name at least one CA; leave it out to trust that of the certificate")


def read_trust_files(value: object) -> tuple[str, ...]:
    return read_texts([value] if isinstance(value, str) else value)


Kind = Callable[[object], Any]


def _one_of(*known: str) -> Kind:
    def read(value: object) -> str:
        if str(value) in known:
            return str(value)
        raise WordError(f"must be one of {', '.join(known)}; `{value}` is not")

    return read


def read_client(value: object) -> str:
    """A path, or the certificate of the service itself."""
    return OWN if str(value) == OWN else read_path(value)


FILE_KINDS: Mapping[str, Kind] = {
    "name": read_file_name,
    "parts": read_parts,
    "mode": read_mode,
    "owner": read_text,
    "group": read_text,
    "seuser": read_text,
    "serole": read_text,
    "setype": read_text,
    "selevel": read_text,
    "path": read_path,
    "in_place": read_flag,
    "replace_link": read_flag,
    "fallback": read_path,
    "make_directory": read_flag,
    "referenced": read_flag,
    "format": _one_of(PEM, PKCS12, TRUSTSTORE),
    "alias": read_alias,
    "level": _one_of(MODERN, LEGACY),
    "passphrase": read_passphrase,
    "passphrase_src": read_text,
}
PROBE_KINDS: Mapping[str, Kind] = {
    "port": read_port,
    "address": read_address,
    "server_name": read_text,
    "starttls": _one_of(*STARTTLS),
    "proxy_protocol": read_flag,
    "client_certificate": read_client,
    "client_private_key": read_path,
    "http_path": read_http_path,
}


def read_files(value: object) -> tuple[ServiceFile, ...]:
    files = tuple(_read_file(item) for item in read_list(value))
    if not files:
        raise WordError("must name at least one file")
    if len({file.name for file in files}) != len(files):
        raise WordError("must name each file once")
    return files


def _read_file(item: object) -> ServiceFile:
    """The passphrase is read from its file before, where there is a controller."""
    form = item.get("format") if isinstance(item, Mapping) else None
    words = _read_words(item, FILE_KINDS, find_required(form))
    fault = find_fault(words)
    if fault:
        raise WordError(f"{words['name']}: {fault}")
    words.pop("passphrase_src", None)
    return ServiceFile(**{**words, "parts": find_parts(words)})


def read_probes(value: object) -> tuple[Probe, ...]:
    return tuple(_read_probe(item) for item in read_list(value))


def _read_probe(item: object) -> Probe:
    probe = Probe(**_read_words(item, PROBE_KINDS, ("port",)))
    if probe.client_certificate == OWN and probe.client_private_key is not None:
        raise WordError("has a `client_private_key` beside `client_certificate: own`, which has its own; leave it out")
    return probe


def read_paths(value: object) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise WordError("must map file names to paths on the host")
    return {read_file_name(name): read_path(path) for name, path in value.items()}


def _read_words(item: object, kinds: Mapping[str, Kind], required: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(item, Mapping):
        raise WordError(f"must be a list of mappings with {', '.join(required)}")
    missing = [word for word in required if word not in item]
    unknown = sorted(str(word) for word in item if word not in kinds)
    if missing or unknown:
        fault = f"lacks {', '.join(missing)}" if missing else f"has the unknown {', '.join(unknown)}"
        raise WordError(f"{fault}; known are {', '.join(kinds)}")
    read = {}
    for word, value in item.items():
        try:
            read[str(word)] = kinds[str(word)](value)
        except WordError as error:
            raise WordError(f"`{word}` {error}") from None
    return read


SERVICE_KINDS: Mapping[str, Kind] = {
    "name": read_service_name,
    "owner": read_text,
    "group": read_text,
    "mode": read_mode,
    "seuser": read_text,
    "serole": read_text,
    "setype": read_text,
    "selevel": read_text,
    "unit": read_unit,
    "pid_file": read_path,
    "paths": read_paths,
    "replace_links": read_flag,
    "ports": read_ports,
    "probes": read_probes,
    "probe_names": read_probe_names,
    "starttls": _one_of(*STARTTLS),
    "proxy_protocol": read_flag,
    "restart": _one_of("never", "allowed", "window"),
    "restart_window": read_text,
    "binary": read_text,
    "config": read_path,
    "prefix": read_path,
    "instance": read_instance,
    "id": read_instance,
    "http_port": read_port,
    "config_directory": read_path,
    "jetty_base": read_path,
    "keystore": _one_of("both", "server", "client"),
    "keytool": read_path,
    "alias": read_alias,
    "passphrase": read_passphrase,
    "passphrase_src": read_text,
    "tags": read_texts,
    "root": read_path,
    "via": _one_of("auto", "files", "bm_cli"),
    "domain_uid": read_file_name,
    "bm_cli": read_path,
    "postfix": read_mapping,
    "prepare": read_command,
    "files": read_files,
    "status": read_command,
    "check": read_command,
    "staged_check": read_command,
    "reload": read_command,
    "restart_command": read_command,
    "watches_files": read_flag,
    "references": read_command,
    "trust": read_ca_names,
    "trust_content": read_trust,
    "trust_src": read_trust_files,
    "crl_content": read_crl,
    "crl_src": read_trust_files,
}
