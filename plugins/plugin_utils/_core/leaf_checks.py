# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the leaf is what a server can show for the declared names. Each check asks one question, yields refusals."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.certwright.tls.plugins.plugin_utils._core.bundle import is_key_of
from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import Certificate, is_self_signed
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inspection import Inspection
from ansible_collections.certwright.tls.plugins.plugin_utils._core.names import covers, find_covered_by_common_name
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Reason

SERVER_USAGES = frozenset({"1.3.6.1.5.5.7.3.1", "2.5.29.37.0"})  # serverAuth, anyExtendedKeyUsage
_HANDSHAKE_USAGES = frozenset({"digital_signature", "key_encipherment", "key_agreement"})


def find_key_mismatch(inspection: Inspection) -> Iterator[Reason]:
    bundle = inspection.bundle
    key, leaf = bundle.private_key, bundle.leaf
    if bundle.is_key_proven:
        return
    swapped = next((other for other in bundle.supplied_ca if is_key_of(key, other)), None)
    way_out = "pass the key that was made together with the certificate request"
    if swapped:
        way_out = f"it belongs to {swapped.title}, which was passed as CA: certificate and CA seem to be swapped"
    kind = f" ({key.key_type})" if key.key_type else ""
    yield Reason(
        "key_mismatch",
        f"The private key{kind} does not belong to the certificate {leaf.title} ({leaf.key_type}); {way_out}",
    )


def find_ca_as_leaf(inspection: Inspection) -> Iterator[Reason]:
    leaf = inspection.bundle.leaf
    if leaf.is_ca:
        yield Reason(
            "leaf_is_ca",
            f"The certificate {leaf.title} is a CA certificate, which clients refuse from a server; by default "
            "`openssl req -x509` makes such a one. Pass the certificate that a CA issued for the server",
        )


def find_self_signed(inspection: Inspection) -> Iterator[Reason]:
    bundle = inspection.bundle
    if not bundle.leaf.is_ca and bundle.root != bundle.leaf and is_self_signed(bundle.leaf):
        yield Reason(
            "self_signed",
            f"The certificate {bundle.leaf.title} is self-signed: no client trusts it by itself. Pass one that a CA "
            "issued, or, when clients are given this very certificate to trust, pass it as its own CA too",
        )


def find_ca_without_ca(inspection: Inspection) -> Iterator[Reason]:
    """Typically the leaf passed twice: it helps nobody, and the intended file is missing."""
    bundle = inspection.bundle
    supplied = bundle.supplied_ca
    if supplied and bundle.root != bundle.leaf and not any(certificate.may_issue for certificate in supplied):
        titles = ", ".join(certificate.title for certificate in supplied)
        yield Reason(
            "ca_not_ca",
            f"The CA input holds no CA certificate, only {titles}; pass the certificates of the CAs that issued "
            f"{bundle.leaf.title}",
        )


def find_unsuitable_leaf_usage(inspection: Inspection) -> Iterator[Reason]:
    leaf = inspection.bundle.leaf
    extended, usage = leaf.extensions.extended_key_usage, leaf.extensions.key_usage
    if extended is not None and not extended & SERVER_USAGES:
        yield _unsuitable(leaf, "its extendedKeyUsage lacks serverAuth")
    if usage is not None and not leaf.is_ca and not usage & _HANDSHAKE_USAGES:
        yield _unsuitable(leaf, "its keyUsage lacks digitalSignature, keyEncipherment and keyAgreement")


def find_missing_names(inspection: Inspection) -> Iterator[Reason]:
    leaf = inspection.bundle.leaf
    missing = [name for name in inspection.names if not covers(leaf.names, name)]
    if not missing:
        return
    covered = f"covers {', '.join(leaf.names)}" if leaf.names else "has no subjectAltName"
    facts = [f"The certificate {leaf.title} does not cover {', '.join(missing)}; it {covered}"]
    ignored = find_covered_by_common_name(leaf.common_name, missing)
    if ignored:
        facts.append(f"{ignored} stands only in the common name, which clients ignore")
    misplaced = [name for name in missing if covers(leaf.extensions.misplaced_names, name)]
    if misplaced:
        facts.append(f"{', '.join(misplaced)} stands there as a DNS name, clients accept addresses as IP entries only")
    facts.append("Have it issued with all names, or declare only those that it covers")
    yield Reason("name_missing", ". ".join(facts))


def _unsuitable(leaf: Certificate, fact: str) -> Reason:
    message = f"The certificate {leaf.title} is not for TLS servers: {fact}; have it issued for server authentication"
    return Reason("usage_unsuitable", message)
