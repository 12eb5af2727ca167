# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who else looks after certificates on this host: other renewers, found by what they leave where they always do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from itertools import islice

from ansible_collections.certwright.tls.plugins.module_utils._host.certificate_files import read_certificates
from ansible_collections.certwright.tls.plugins.module_utils._host.pem import load_blocks
from ansible_collections.certwright.tls.plugins.module_utils._host.schedules import HostTree, find_schedule

# Each is its configuration and its certificate: two files.
_MAXIMUM_CERTIFICATES = 1000
_BLUEMIND_JOB = "the daily job of BlueMind, when its engine is Let's Encrypt"


@dataclass(frozen=True)
class _Managed:
    """A certificate that a program looks after. `program` is searched in timers and cron files."""

    kind: str
    certificate_path: str
    private_key_path: str
    configuration: str
    program: str = ""
    scheduled: str = ""


def find_neighbours(names: Iterable[str], *, root: str = "/") -> list[dict[str, str]]:
    """Every certificate of another renewer that may cover one of the names; the controller compares exactly.

    Each is kind, certificate_path, private_key_path, configuration (what makes it renew), scheduled (what runs that,
    "" when nothing does) and certificate (the leaf as PEM).
    """
    wanted = [needle for name in names for needle in _find_needles(name)]
    if not wanted:
        return []
    tree = HostTree(root)
    managed = (item for find in _FINDERS for item in find(tree))
    schedules: dict[str, str] = {}
    found = []
    for item in islice(managed, _MAXIMUM_CERTIFICATES):
        leaf = next(iter(read_certificates(tree.real(item.certificate_path)).certificates), "")
        if leaf and _mentions(leaf, wanted):
            found.append(_describe(tree, item, leaf, schedules))
    return found


def _find_needles(name: str) -> Iterator[bytes]:
    """How a certificate spells the name: itself, or the wildcard that covers it (RFC 6125 6.4.3)."""
    try:
        yield ip_address(name).packed
        return
    except ValueError:
        plain = name.rstrip(".").lower()
    if plain:
        yield plain.encode("ascii", "ignore")
        _label, dot, parent = plain.partition(".")
        if dot:
            yield f"*.{parent}".encode("ascii", "ignore")


def _mentions(leaf: str, needles: list[bytes]) -> bool:
    (block,) = load_blocks(leaf.encode("ascii"))
    lowered = block.content.lower()
    return any(needle in lowered or needle in block.content for needle in needles)


def _describe(tree: HostTree, item: _Managed, leaf: str, schedules: dict[str, str]) -> dict[str, str]:
    if item.program and item.program not in schedules:
        schedules[item.program] = find_schedule(tree, item.program)
    return {
        "kind": item.kind,
        "certificate_path": item.certificate_path,
        "private_key_path": item.private_key_path,
        "configuration": item.configuration,
        "scheduled": item.scheduled or schedules.get(item.program, ""),
        "certificate": leaf,
    }


def _find_certbot(tree: HostTree) -> Iterator[_Managed]:
    for name in tree.list_names("/etc/letsencrypt/renewal"):
        path = f"/etc/letsencrypt/renewal/{name}"
        settings = tree.read_settings(path) if name.endswith(".conf") else {}
        certificate = settings.get("fullchain") or settings.get("cert")
        if certificate:
            program = "" if settings.get("autorenew", "").lower() == "false" else "certbot"
            yield _Managed("certbot", certificate, settings.get("privkey", ""), path, program)


def _find_acme_sh(tree: HostTree) -> Iterator[_Managed]:
    """Where it installed them, else where it keeps its own."""
    for directory in tree.list_names("/root/.acme.sh"):
        own = f"/root/.acme.sh/{directory}"
        for name in tree.list_names(own):
            settings = tree.read_settings(f"{own}/{name}") if name.endswith(".conf") else {}
            domain = settings.get("Le_Domain")
            if domain:
                certificate = settings.get("Le_RealFullChainPath") or settings.get("Le_RealCertPath")
                private_key = settings.get("Le_RealKeyPath") or f"{own}/{domain}.key"
                certificate = certificate or f"{own}/fullchain.cer"
                yield _Managed("acme.sh", certificate, private_key, f"{own}/{name}", "acme.sh")


def _find_dehydrated(tree: HostTree) -> Iterator[_Managed]:
    """Debian's directory, and the one of its own default."""
    for base in ("/var/lib/dehydrated", "/etc/dehydrated"):
        for name in tree.list_names(f"{base}/certs"):
            files = f"{base}/certs/{name}"
            domains = [f"{place}/domains.txt" for place in ("/etc/dehydrated", base)]
            configuration = next(filter(tree.is_there, domains), base)
            yield _Managed("dehydrated", f"{files}/fullchain.pem", f"{files}/privkey.pem", configuration, "dehydrated")


def _find_certmonger(tree: HostTree) -> Iterator[_Managed]:
    """What it tracks in files; databases of NSS have no path that a certificate could be read from."""
    unit = "certmonger.service"
    is_enabled = tree.is_there(f"/etc/systemd/system/multi-user.target.wants/{unit}")
    for name in tree.list_names("/var/lib/certmonger/requests"):
        path = f"/var/lib/certmonger/requests/{name}"
        settings = tree.read_settings(path)
        certificate = settings.get("cert_storage_location")
        if certificate:
            runs = is_enabled and settings.get("autorenew") != "0"
            private_key = settings.get("key_storage_location", "")
            yield _Managed("certmonger", certificate, private_key, path, scheduled=unit if runs else "")


def _find_lego(tree: HostTree) -> Iterator[_Managed]:
    for base in ("/etc/lego", "/root/.lego"):
        for name in tree.list_names(f"{base}/certificates"):
            if name.endswith(".crt") and not name.endswith(".issuer.crt"):
                stem = f"{base}/certificates/{name[:-4]}"
                yield _Managed("lego", f"{stem}.crt", f"{stem}.key", f"{stem}.json", "lego")


def _find_bluemind(tree: HostTree) -> Iterator[_Managed]:
    """One file holds key and certificate; which engine a domain has stands in its database only.

    It writes files, so a link is somebody else's, and mostly ours.
    """
    if not tree.is_there("/etc/bm"):
        return
    for name in tree.list_names("/etc/ssl/certs"):
        path = f"/etc/ssl/certs/{name}"
        if name.startswith("bm_cert") and name.endswith(".pem") and not tree.is_link(path):
            yield _Managed("bluemind", path, path, "/etc/bm/bm.ini", scheduled=_BLUEMIND_JOB)


_FINDERS: tuple[Callable[[HostTree], Iterator[_Managed]], ...] = (
    _find_certbot,
    _find_acme_sh,
    _find_dehydrated,
    _find_certmonger,
    _find_lego,
    _find_bluemind,
)
