# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a service's trust and its lists of revocations come from: words of the operator, or what CAs told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Protocol

from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import Certificate
from ansible_collections.certwright.tls.plugins.plugin_utils._core.revocation_list import RevocationList
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import AskedCas, Service, ServiceFile

_TRUST_WORDS, _CRL_WORDS = ("trust_content", "trust_src"), ("crl_content", "crl_src")
SOURCE_WORDS = (*_TRUST_WORDS, *_CRL_WORDS)


class Publisher(Protocol):
    """A CA that answered: what hosts may trust, and what it revoked."""

    @property
    def anchors(self) -> tuple[Certificate, ...]:
        """All its roots, during a roll-over the old and the new one."""

    @property
    def crl(self) -> tuple[RevocationList, ...]:
        """Empty when it publishes none."""


def holds_trust(service: Service) -> bool:
    return any(file.holds_trust for file in service.files)


def holds_crl(service: Service) -> bool:
    return any(file.holds_crl for file in service.files)


def with_sources(
    service: Service, *, trust: tuple[Certificate, ...] = (), crl: tuple[RevocationList, ...] = ()
) -> Service:
    """With these for its files; what is empty stays as it was."""
    trust, crl = trust or service.trust, crl or service.crl
    files = tuple(_with_sources(file, trust, crl) for file in service.files)
    return replace(service, trust=trust, crl=crl, files=files)


def with_cas(service: Service, cas: Mapping[str, Publisher | None], own: Publisher | None, *, issuer: str) -> Service:
    """What was not given is taken of the CAs that `trust` names, else of the certificate's own, whose name is `issuer`.

    Trust changes only when all of them answered.
    """
    if not (holds_trust(service) or holds_crl(service)):
        return service
    asked = {name: cas.get(name) for name in service.trust_names} or {issuer: own}
    found = [ca for ca in asked.values() if ca is not None]
    silent = tuple(name for name, ca in asked.items() if ca is None)
    takes_trust = holds_trust(service) and not service.trust
    takes_lists = holds_crl(service) and not service.crl
    anchors = tuple(dict.fromkeys(item for ca in found for item in ca.anchors)) if takes_trust and not silent else ()
    lists = tuple(item for ca in found for item in ca.crl) if takes_lists else ()
    without = tuple(name for name, ca in asked.items() if ca is not None and not ca.crl) if takes_lists else ()
    told = AskedCas(silent if takes_trust else (), silent if takes_lists else (), without)
    return replace(with_sources(service, trust=anchors, crl=lists), asked=told)


def find_source_faults(service: Service, words: Mapping[str, Any]) -> Iterator[str]:
    said = [f"`{word}`" for word in _TRUST_WORDS if word in words]
    if said and not holds_trust(service):
        yield f"has {' and '.join(said)}, and no file for it; add one with `parts: [trust]` or `format: truststore`"
    if said and "trust" in words:
        yield f"has {' and '.join(said)} beside `trust`; say one of them: files, or names of CAs"
    said = [f"`{word}`" for word in _CRL_WORDS if word in words]
    if said and not holds_crl(service):
        yield f"has {' and '.join(said)}, and no file for it; add one with `parts: [crl]`"
    if "trust" in words and not (holds_trust(service) or holds_crl(service)):
        yield "has `trust`, and no file for it; add one with `parts: [trust]`, `format: truststore` or `parts: [crl]`"


def _with_sources(file: ServiceFile, trust: tuple[Certificate, ...], crl: tuple[RevocationList, ...]) -> ServiceFile:
    if file.holds_crl:
        return replace(file, lists=crl)
    if not file.holds_trust:
        return file
    pem = "".join(item.pem for item in trust)
    return replace(file, trusted=tuple(item.fingerprint for item in trust), trusted_pem=pem)
