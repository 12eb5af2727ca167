# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a CA of one's own signed on another day: its issuing key, taken out, and the same words with other dates."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from ansible_collections.certwright.tls.tests.integration.internal_site import CA_HOST, InternalSite, load
from ansible_collections.certwright.tls.tests.integration.site import NOW, codes
from ansible_collections.certwright.tls.tests.integration.test_request import PublicOnly
from ansible_collections.certwright.tls.tests.unit.authority import SERVER, Authority, build

DAY = timedelta(days=1)
EXPORT_WORD = "for one day: a plum"


class EarlierCa:
    """Stands in for a CA that has been at work for months."""

    def __init__(self, office: InternalSite) -> None:
        self.office, self.ca = office, office.ca
        self.key_file = office.ca.files / "issuing.p8"

    def export(self) -> dict[str, Any]:
        """A task."""
        (self.ca.files / "export.pass").write_text(EXPORT_WORD, encoding="ascii")
        self.office.site.scanner.add_word(EXPORT_WORD)
        export = {"kind": "issuing", "path": str(self.key_file), "passphrase_src": str(self.ca.files / "export.pass")}
        task = {**self.ca.place, **self.ca.secret, "export": export}
        return {"certwright.tls.internal_ca": task, "delegate_to": CA_HOST, "run_once": True}

    def tasks(self, **words: Any) -> list[dict[str, Any]]:
        """Those that the role consists of, on the hosts."""
        declared = "{'tls_issuers': tls_issuers, 'tls_host_certificates': tls_host_certificates}"
        orders = f"{{{{ {declared} | certwright.tls.internal_orders }}}}"
        common = {"certificates": orders, "cas": "{{ {'office': told} }}", "store_path": "{{ tls_store_path }}"}
        ask = {**self.ca.show(), "delegate_to": CA_HOST, "run_once": True, "register": "told"}
        return [ask, {"certwright.tls.internal_certificate": {**common, **words}}]

    def install(self, ages: dict[str, int], *, days: int = 90) -> None:
        """On each host a certificate of so many days."""
        *_others, first, second = self.office.run(self.export(), *self.tasks(), hosts=",".join(ages))
        text = self.key_file.read_bytes()
        key = load_pem_private_key(text, EXPORT_WORD.encode())
        self.office.site.scanner.add_key(key, also=[text])
        issuing = Authority(load(self.ca.chain), key, Authority(load(self.ca.root), None, None))
        signed = {}
        for request in (*first["requests"], *second["requests"]):
            begun = NOW - ages[request["host"]] * DAY
            signed[request["host"]] = [self._sign(request, issuing, not_before=begun, not_after=begun + days * DAY)]
        tasks = self.tasks(signed="{{ signed[inventory_hostname] }}")
        installed = self.office.run(*tasks, hosts=",".join(ages), signed=signed)
        assert [codes(result, "problems") for result in installed if "outcomes" in result] == [[]] * len(ages)

    def _sign(self, request: dict[str, Any], issuing: Authority, **life: Any) -> dict[str, Any]:
        key = x509.load_pem_x509_csr(request["csr"].encode()).public_key()
        leaf = build(PublicOnly(key), names=tuple(request["names"]), extended_usage=(SERVER,), issuer=issuing, **life)
        first, *_others = self.ca.entries
        return {
            **{word: request[word] for word in ("name", "host")},
            "outcome": "issued",
            "certificate": leaf.public_bytes(Encoding.PEM).decode(),
            "chain": self.ca.chain,
            "root": self.ca.root,
            "serial": f"{leaf.serial_number:x}",
            "issuing": first["state"]["authorities"][-1]["id"],
            "number": 1,
            "hash": self.ca.hash_of(0),
        }
