# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The least that gets a certificate by the library `acme`: a server works, and an order costs at least that."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import josepy
from acme import challenges, client, messages
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

Place = Callable[[str, str], object]
_POLL = 0.005


class OrderFailed(Exception):
    """With the order's or authorization's own words."""


@dataclass(frozen=True)
class Issued:
    """`placed` is the CA's first answer to the order."""

    chain: bytes
    order: str
    placed: dict[str, Any]

    @property
    def leaf(self) -> x509.Certificate:
        return x509.load_pem_x509_certificates(self.chain)[0]


class BareClient:
    """One account with one key, made at once; every refusal is the library's exception."""

    def __init__(self, directory: str, ca: str, *, kid: str = "", hmac_key: str = "") -> None:
        self.key = josepy.JWKEC(key=ec.generate_private_key(ec.SECP256R1()))
        self.network = client.ClientNetwork(self.key, alg=josepy.ES256, user_agent="certwright-tests", verify_ssl=ca)
        self.network.session.trust_env = False
        self.directory = client.ClientV2.get_directory(directory, self.network)
        self.acme = client.ClientV2(self.directory, self.network)
        binding = self._bind(kid, hmac_key) if kid else None
        terms = messages.NewRegistration(terms_of_service_agreed=True, external_account_binding=binding)
        self.account = self.acme.new_account(terms)

    def __enter__(self) -> BareClient:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.network.session.close()

    def _bind(self, kid: str, hmac_key: str) -> Any:
        return messages.ExternalAccountBinding.from_data(self.key.public_key(), kid, hmac_key, self.directory)

    def order(self, *names: str, place: Place, challenge_type: str = "http-01", **more: str) -> Issued:
        """`place` is told token and content (http-01) or name and value (dns-01); `more`: `replaces`, `profile`."""
        location, order = self._post_new(names, more)
        for url in order["authorizations"]:
            self._prove(url, place, challenge_type)
        self._await(location, "ready")
        self.post(order["finalize"], {"csr": josepy.encode_b64jose(_make_request(names))})
        chain = self.acme._post_as_get(self._await(location, "valid")["certificate"])
        return Issued(chain.content, location, order)

    def post(self, url: str, words: dict[str, Any] | None = None) -> Any:
        """POST-as-GET without words."""
        return self.acme._post(url, _Words(words) if words is not None else None)

    def revoke(self, certificate: x509.Certificate) -> None:
        """For the reason "superseded"."""
        der = josepy.encode_b64jose(certificate.public_bytes(Encoding.DER))
        self.post(self.directory["revokeCert"], {"certificate": der, "reason": 4})

    def renewal_info(self, certificate: str) -> Any:
        """The response, whatever its status."""
        url = f"{self.directory['renewalInfo']}/{certificate}"
        return self.network.session.get(url, verify=self.network.verify_ssl, timeout=10)

    def _post_new(self, names: tuple[str, ...], more: dict[str, str]) -> tuple[str, dict[str, Any]]:
        identifiers = [{"type": "dns", "value": name} for name in names]
        response = self.post(self.directory["newOrder"], {"identifiers": identifiers, **more})
        return response.headers["Location"], response.json()

    def _prove(self, url: str, place: Place, challenge_type: str) -> None:
        authorization = self.post(url).json()
        if authorization["status"] == "valid":
            return
        if authorization["status"] != "pending":
            raise OrderFailed(str(authorization))
        challenge = next(one for one in authorization["challenges"] if one["type"] == challenge_type)
        content = self._content(challenge["token"])
        if challenge_type == "dns-01":
            name = f"_acme-challenge.{authorization['identifier']['value']}"
            place(name, challenges.DNS01(token=josepy.decode_b64jose(challenge["token"])).validation(self.key))
        else:
            place(challenge["token"], content)
        self.post(challenge["url"], {})
        self._await(url, "valid")

    def _content(self, token: str) -> str:
        return f"{token}.{josepy.encode_b64jose(self.key.thumbprint())}"

    def _await(self, url: str, status: str, *, seconds: float = 15.0) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        while True:
            words: dict[str, Any] = self.post(url).json()
            if words["status"] in (status, "valid"):
                return words
            if words["status"] not in ("pending", "ready", "processing") or time.monotonic() > deadline:
                raise OrderFailed(str(words))
            time.sleep(_POLL)


class _Words(josepy.interfaces.JSONDeSerializable):
    """A body as it is."""

    def __init__(self, words: dict[str, Any]) -> None:
        self._words = words

    def to_partial_json(self) -> dict[str, Any]:
        return self._words

    @classmethod
    def from_json(cls, jobj: Any) -> _Words:
        return cls(jobj)


def _make_request(names: tuple[str, ...]) -> bytes:
    names_extension = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
    builder = x509.CertificateSigningRequestBuilder(x509.Name([])).add_extension(names_extension, critical=False)
    return builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()).public_bytes(Encoding.DER)
