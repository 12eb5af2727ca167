# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A second opinion, by a verifier that is stricter than the TLS stacks in use: worth a warning, never a refusal."""

from __future__ import annotations

import re
from ipaddress import ip_address

try:
    from cryptography import x509
    from cryptography.x509 import verification
except ImportError:
    pass  # require_libraries() says so at run time

from ansible_collections.certwright.tls.plugins.plugin_utils._core.extensions import is_address, printable
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inspection import Inspection

_MAXIMUM_LENGTH = 200
_FRAME = re.compile(
    r"^validation failed: (?:candidates exhausted: )?(?:invalid extension: )?| \(encountered processing .*"
)
_EXTENSIONS = {
    "2.5.29.14": "subjectKeyIdentifier",
    "2.5.29.15": "keyUsage",
    "2.5.29.17": "subjectAltName",
    "2.5.29.19": "basicConstraints",
    "2.5.29.30": "nameConstraints",
    "2.5.29.35": "authorityKeyIdentifier",
    "2.5.29.37": "extendedKeyUsage",
}


def find_objection(inspection: Inspection) -> str | None:
    """What the strict verifier says against the path, shortened; asked for one name: covers() decides on names."""
    bundle = inspection.bundle
    anchor = inspection.find_anchor() or bundle.path[-1]
    name = next(iter((*inspection.names, *bundle.leaf.names)), None)
    if name is None:
        return "no name to verify it for"
    try:
        store = verification.Store([anchor.parsed])
        builder = verification.PolicyBuilder().store(store).time(inspection.now)
        chain = [certificate.parsed for certificate in bundle.chain]
        builder.build_server_verifier(_load_subject(name)).verify(bundle.leaf.parsed, chain)
    except ValueError as error:
        return printable(f"{name}: {error}")
    except verification.VerificationError as error:
        return _shorten(str(error))
    return None


def _shorten(objection: str) -> str:
    """Without the library's own frame around it, and with extensions by name."""
    objection = _FRAME.sub("", objection)
    for oid, extension in _EXTENSIONS.items():
        objection = objection.replace(oid + ":", extension + ":")
    return printable(objection)[:_MAXIMUM_LENGTH]


def _load_subject(name: str) -> x509.DNSName | x509.IPAddress:
    """A wildcard is asked for by a name that it covers."""
    if is_address(name):
        return x509.IPAddress(ip_address(name))
    return x509.DNSName(name.replace("*", "wildcard"))
