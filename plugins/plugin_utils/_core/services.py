# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Declarations of services become values: the preset's data with the operator's words over it, all problems at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.keystore import can_make_truststores
from ansible_collections.certwright.tls.plugins.plugin_utils._core.preset_filling import (
    fill_preset,
    find_missing,
    find_usage,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Problem
from ansible_collections.certwright.tls.plugins.plugin_utils._core.restart import find_window_fault
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import (
    TRUSTSTORE,
    Preset,
    Service,
    ServiceFile,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service_commands import (
    choose_alternatives,
    choose_special,
    fill_command,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service_entries import (
    SHARED_WORDS,
    Declared,
    list_parts,
    read_entry,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service_probes import find_probes
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service_scopes import find_excluded
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service_sources import (
    SOURCE_WORDS,
    find_source_faults,
    with_sources,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.word_kinds import WordError, read_mode

_ATTRIBUTES = ("owner", "group", "seuser", "serole", "setype", "selevel")


# Where the passphrases and certificates are that shape files: what is compared is the files' own record of them.
_SECRET_WORDS = ("passphrase", "passphrase_src")


class TruststoreError(WordError):
    """A file that the libraries of this controller cannot make."""

    code = "truststore_needs_cryptography"


def load_services(  # noqa: PLR0913 - the words and what they are read with
    entries: Iterable[object],
    *,
    certificate: str,
    names: tuple[str, ...],
    attributes: Mapping[str, str],
    presets: Mapping[str, Preset],
    name: str = "",
) -> tuple[tuple[Service, ...], tuple[Problem, ...]]:
    """The services, and everything that is wrong with their declarations (codes `unknown_service`, `service_invalid`,
    `truststore_needs_cryptography`).

    `attributes` are the module's own owner, group, mode and SELinux words; a service's own words win. `name` is that of
    the certificate in the store, where problems call it otherwise.
    """
    services: list[Service] = []
    problems: list[Problem] = []
    read: list[tuple[Preset, list[Service]]] = []
    for entry in entries:
        try:
            declared = read_entry(entry, presets, name or certificate)
            parts = [_build(item, names, attributes) for item in list_parts(declared)]
            read.append((declared.preset, parts))
            services.extend(parts)
        except WordError as error:
            problems.append(Problem(certificate, error.code, str(error)))
    problems.extend(Problem(certificate, "service_invalid", fault) for fault in find_excluded(read))
    problems.extend(Problem(certificate, "service_invalid", fault) for fault in _find_repetitions(services))
    return tuple(services), tuple(problems)


def _find_repetitions(services: list[Service]) -> Iterator[str]:
    names = Counter(service.name for service in services)
    paths = Counter(file.path for service in services for file in service.files if file.path)
    for name in sorted(name for name, count in names.items() if count > 1):
        yield f"The service {name} is there twice; give each its own `name`"
    for path in sorted(path for path, count in paths.items() if count > 1):
        yield f"The path {path} is given to more than one file; give each its own"


def _build(declared: Declared, names: tuple[str, ...], attributes: Mapping[str, str]) -> Service:
    words = declared.words
    preset = fill_preset(declared.preset, words, names)
    declared = replace(declared, preset=preset)
    files = tuple(_build_file(file, declared, attributes) for file in words.get("files") or preset.files)
    unit = _find_process(preset.unit, "unit", words)
    pid_file = _find_process(preset.pid_file, "pid_file", words)
    values = _find_values(declared, pid_file)
    service = Service(
        name=words.get("name", preset.name),
        files=files,
        unit=unit,
        pid_file=pid_file,
        status=words.get("status") or fill_command(preset.status, values),
        check=words.get("check") or fill_command(preset.check, values),
        staged_check=words.get("staged_check", ()),
        reload=words.get("reload") or fill_command(preset.reload, values),
        restart=words.get("restart_command") or fill_command(preset.restart, values),
        prepare=(words["prepare"],) if "prepare" in words else preset.prepare,
        private_files=preset.private_files,
        product_file=preset.product_file,
        method=_method(declared, unit),
        restart_policy=words.get("restart", preset.restart_policy),
        restart_window=words.get("restart_window", ""),
        references=words.get("references") or fill_command(preset.references, values),
        hint="" if "files" in words else preset.hint,
        read_back=preset.read_back,
        keytool=words.get("keytool", ""),
        settings=preset.settings,
        patience=preset.patience,
        usage=find_usage(preset, words),
        subject_form=preset.subject_form,
        probes=tuple(find_probes(preset, words, names)),
        declared={"words": _as_json(_without_secrets(declared.said)), "attributes": dict(attributes)},
        trust_names=words.get("trust", ()),
    )
    service = with_sources(service, trust=words.get("trust_content", ()), crl=words.get("crl_content", ()))
    _require_sound(service, declared)
    _require_makeable(service)
    return service


def _without_secrets(said: dict[str, Any]) -> dict[str, Any]:
    """They are recorded, and neither a passphrase nor where it was read may be."""
    kept = {word: value for word, value in said.items() if word not in (*SOURCE_WORDS, *_SECRET_WORDS)}
    if "files" in kept:
        kept["files"] = [{word: file[word] for word in file if word not in _SECRET_WORDS} for file in kept["files"]]
    return kept


def _as_json(said: Any) -> Any:
    """As a record gives it back: keys are texts, tuples are lists, and whatever YAML makes of a date is its text."""
    if isinstance(said, Mapping):
        return {str(word): _as_json(value) for word, value in said.items()}
    if isinstance(said, (list, tuple)):
        return [_as_json(item) for item in said]
    return said if said is None or isinstance(said, (bool, int, float)) else str(said)


def _build_file(file: ServiceFile, declared: Declared, attributes: Mapping[str, str]) -> ServiceFile:
    """The file's own attributes win, then the service's, the module's and the preset's.

    `mode` is meant for files with the key.
    """
    words, preset = declared.words, declared.preset
    usual = {word: value for word, value in (("owner", preset.owner), ("group", preset.group)) if value}
    own = {word: getattr(file, word) for word in _ATTRIBUTES if getattr(file, word) is not None}
    given = {word: words[word] for word in _ATTRIBUTES if word in words}
    key_mode = words.get("mode") or read_mode(attributes.get("mode", preset.mode or "0600"))
    return replace(
        file,
        **{**usual, **{word: attributes[word] for word in _ATTRIBUTES if word in attributes}, **given, **own},
        mode=file.mode or (key_mode if file.holds_key or declared.preset.private else "0644"),
        path=words.get("paths", {}).get(file.name, file.path),
        replace_link=file.replace_link or words.get("replace_links", False),
    )


def _method(declared: Declared, unit: str | None) -> str:
    words = declared.words
    if words.get("watches_files"):
        return "none"
    if "reload" not in words and ("restart_command" in words or words.get("restart", "never") != "never"):
        return "restart"
    if declared.preset.method:
        return declared.preset.method
    return "reload" if unit or "reload" in words else "none"


def _find_process(usual: str | None, word: str, words: Mapping[str, Any]) -> str | None:
    """The unit or the process file. A configuration of its own is another process than the usual one."""
    if word in words:
        return words[word] or None
    is_another = "config" in words or "instance" in words
    return (choose_special if is_another else choose_alternatives)(usual, words)


def _find_values(declared: Declared, pid_file: str | None) -> dict[str, str]:
    """What placeholders stand for; `{directory}` is the host's to fill in."""
    said = {word: str(value) for word, value in declared.words.items()}
    usual = {word: choose_alternatives(value, said) for word, value in declared.preset.defaults}
    # Which of the process files it is the host knows.
    values = {"directory": "{directory}", **usual, **said, "pid_file": "{pid_file}" if pid_file else None}
    return {word: value for word, value in values.items() if value}


def _require_sound(service: Service, declared: Declared) -> None:
    faults = list(_find_faults(service, declared))
    if faults:
        raise WordError("\n".join(f"The service {service.name}: {fault}" for fault in faults))


def _find_faults(service: Service, declared: Declared) -> Iterator[str]:
    unknown = sorted(set(declared.words.get("paths", {})) - {file.name for file in service.files})
    if unknown:
        yield f"`paths` names {', '.join(unknown)}, which it does not have; its files are {_file_names(service)}"
    yield from _find_file_faults(service, may_be_empty=declared.is_companion)
    yield from find_source_faults(service, declared.words)
    if service.method == "restart" and not (service.unit or service.restart):
        ways = [f"`{word}`" for word in ("unit", "restart_command") if word in (*SHARED_WORDS, *declared.preset.words)]
        yield f"is to be restarted; say how by {' or '.join(ways)}"
    if service.method == "reload" and not (service.unit or service.reload):
        yield "has nothing to reload it by; say its `unit` or its `pid_file`"
    yield from find_missing(declared.preset, {**service.declared["attributes"], **declared.words})
    fault = find_window_fault(service.restart_policy, service.restart_window)
    if fault:
        yield fault


def _find_file_faults(service: Service, *, may_be_empty: bool) -> Iterator[str]:
    if not service.files and not may_be_empty:
        yield "has no `files`; say which parts go into which file"
    if sum(file.in_place for file in service.files) > 1:
        yield "has more than one `in_place` file; they cannot be switched together, so combine their parts in one"
    if any(file.in_place and _is_half(file, service) for file in service.files):
        yield "has certificate and key in two files of which one is `in_place`; combine their parts in that one"
    for file in service.files:
        if file.holds_key and int(file.mode, 8) & 0o007:
            fact = f"{file.name} holds the private key and would be open to everybody with mode {file.mode}"
            yield f"{fact}; use '0640' and a group"
        if file.in_place and not file.path:
            yield f"{file.name} is `in_place` and has no `path`"


def _require_makeable(service: Service) -> None:
    stores = [file.name for file in service.files if file.format == TRUSTSTORE]
    if stores and not can_make_truststores():
        fact = f"The service {service.name}: {', '.join(stores)} takes the Python library cryptography 45 or newer"
        raise TruststoreError(f"{fact} on the controller; update it there, or say `parts: [trust]` and import the PEM")


def _is_half(file: ServiceFile, service: Service) -> bool:
    """It has the leaf or the key while the other is in another file: only behind one link they switch at once."""
    has_leaf = "leaf" in file.parts
    if has_leaf == file.holds_key:
        return False
    return any(other.holds_key if has_leaf else "leaf" in other.parts for other in service.files if other is not file)


def _file_names(service: Service) -> str:
    return ", ".join(file.name for file in service.files)
