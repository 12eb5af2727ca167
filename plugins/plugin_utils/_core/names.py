# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The names that an operator declares, and which of them a certificate covers (RFC 9525 6)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address

try:  # noqa: SIM105 - ansible-test wants imports at the top
    import idna
except ImportError:
    pass  # require_libraries() says so at run time

from ansible_collections.certwright.tls.plugins.plugin_utils._core.extensions import is_address, printable
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_PORT = re.compile(r"(?P<host>\[[^\]]*\]|[^:\[\]]*):(?P<port>[0-9]{1,5})")
# `_` is no host name's letter (RFC 952), yet private networks use it and TLS clients accept it.
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_MAXIMUM_LENGTH = 253
_MAXIMUM_LABEL = 63
# A URL may be long, and idna takes quadratic time.
_MAXIMUM_INPUT = 2048


def load_name(text: str) -> tuple[str, Notice | None]:
    """A host name (lower case, A-labels, no final dot), a wildcard or an address, in the one spelling we compare.

    A URL and a port are accepted and stripped, with the notice name_stripped. Raises UnusableError: name_invalid.
    """
    if len(text) > _MAXIMUM_INPUT:
        raise _invalid(text, f"is longer than {_MAXIMUM_LENGTH} characters")
    host, stripped = _strip(text.strip())
    name = _load_address(host) or _load_host_name(host, text)
    if not stripped:
        return name, None
    return name, Notice("name_stripped", f"Of {' and '.join(stripped)} only the host name counts: {name}")


def covers(certificate_names: Iterable[str], name: str) -> bool:
    """Whether clients that ask for `name` accept a certificate with these names; both in load_name's spelling."""
    if is_address(name):
        wanted = ip_address(name)
        return any(is_address(candidate) and ip_address(candidate) == wanted for candidate in certificate_names)
    return any(_matches(candidate, name) for candidate in certificate_names)


def find_covered_by_common_name(common_name: str | None, names: Iterable[str]) -> str | None:
    """The name that a certificate would cover if clients still read the common name (they stopped: RFC 9525 1.2)."""
    pattern = (common_name or "").lower()
    return next((name for name in names if pattern and covers((pattern,), name)), None)


def find_ignored_name(common_name: str | None, names: Iterable[str]) -> str | None:
    """The common name when it is a host name that the SANs do not cover: somebody may count on it."""
    try:
        name, _notice = load_name(common_name or "")
    except UnusableError:
        return None
    return name if "." in name and not covers(names, name) else None


def _matches(pattern: str, name: str) -> bool:
    """A wildcard is the whole left-most label, once, above two labels at least, as OpenSSL and browsers have it."""
    if pattern == name:
        return True
    parent = pattern.removeprefix("*.")
    return parent != pattern and "." in parent and name.partition(".")[2] == parent


def _strip(text: str) -> tuple[str, list[str]]:
    """What is stripped is told in words, never repeated: a URL may carry a password."""
    stripped = []
    scheme = _SCHEME.match(text)
    if scheme:
        text = re.split(r"[/?#]", text[scheme.end() :], maxsplit=1)[0].rpartition("@")[2]
        stripped.append("a URL")
    port = _PORT.fullmatch(text)
    if port:
        text = port["host"]
        stripped.append(f"port {port['port']}")
    return text, stripped


def _load_address(host: str) -> str | None:
    """IPv6 in its short form; an address with a zone cannot stand on a certificate."""
    host = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    return str(ip_address(host)) if "%" not in host and is_address(host) else None


def _load_host_name(host: str, text: str) -> str:
    wildcard, rest = ("*.", host[2:]) if host.startswith("*.") else ("", host)
    name = wildcard + _to_ascii(rest.removesuffix("."), text)
    labels = name.removeprefix("*.").split(".")
    bad = next((label for label in labels if not _LABEL.fullmatch(label)), None)
    if bad is not None:
        raise _invalid(text, _explain(bad))
    if labels[-1].isdigit():
        raise _invalid(text, "ends in a number and is no address")
    if len(name) > _MAXIMUM_LENGTH:
        raise _invalid(text, f"is longer than {_MAXIMUM_LENGTH} characters")
    return name


def _to_ascii(host: str, text: str) -> str:
    """Only what is not ASCII goes through IDNA 2008: it refuses the `_` of private networks."""
    if host.isascii():
        return host.lower()
    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        raise _invalid(text, "has characters that IDNA does not allow") from None


def _explain(label: str) -> str:
    if not label:
        return "has an empty label"
    if len(label) > _MAXIMUM_LABEL:
        return f"has a label of more than {_MAXIMUM_LABEL} characters"
    if "*" in label:
        return "has a wildcard elsewhere than as its whole first label"
    return f"has the label `{printable(label)}`, where only letters, digits and inner hyphens are allowed"


def _invalid(text: str, fact: str) -> UnusableError:
    shown = "The URL" if "://" in text else f"The name `{printable(text[:80])}`"
    return UnusableError("name_invalid", f"{shown} {fact}; give a host name such as www.example.org or an IP address")
