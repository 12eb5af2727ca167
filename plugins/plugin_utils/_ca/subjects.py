# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who a certificate is for: distinguished names in the spellings of RFC 4514, `openssl -subj` and JS7."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

try:
    from cryptography import x509
    from cryptography.x509.oid import NameOID
except ImportError:
    pass  # require_libraries() says so at run time

from ansible_collections.certwright.tls.plugins.plugin_utils._core.extensions import printable
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError


@dataclass(frozen=True)
class _Attribute:
    """`oid` is the name of a constant in NameOID, `limit` of RFC 5280 A.1."""

    oid: str
    keywords: tuple[str, ...]
    limit: int
    allowed: str = ""


_ASCII = r"[\x20-\x7e]+"
_PRINTABLE_STRING = r"[A-Za-z0-9 '()+,./:=?-]+"
_ATTRIBUTES = (
    _Attribute("COMMON_NAME", ("CN", "commonName"), 64),
    _Attribute("COUNTRY_NAME", ("C", "countryName"), 2, r"[A-Za-z]{2}"),
    _Attribute("STATE_OR_PROVINCE_NAME", ("ST", "S", "stateOrProvinceName"), 128),
    _Attribute("LOCALITY_NAME", ("L", "localityName"), 128),
    _Attribute("ORGANIZATION_NAME", ("O", "organizationName"), 64),
    _Attribute("ORGANIZATIONAL_UNIT_NAME", ("OU", "organizationalUnitName"), 64),
    _Attribute("STREET_ADDRESS", ("STREET", "street", "streetAddress"), 128),
    _Attribute("DOMAIN_COMPONENT", ("DC", "domainComponent"), 63, _ASCII),
    _Attribute("USER_ID", ("UID", "userId"), 256),
    _Attribute("DN_QUALIFIER", ("dnQualifier", "DNQ"), 64, _PRINTABLE_STRING),
    _Attribute("EMAIL_ADDRESS", ("emailAddress", "email", "E"), 255, _ASCII),
    _Attribute("SERIAL_NUMBER", ("serialNumber",), 64, _PRINTABLE_STRING),
    _Attribute("SURNAME", ("SN", "surname"), 64),
    _Attribute("GIVEN_NAME", ("GN", "givenName"), 64),
    _Attribute("TITLE", ("title", "T"), 64),
)
_BY_KEYWORD = {keyword.lower(): attribute for attribute in _ATTRIBUTES for keyword in attribute.keywords}
# What cryptography prints as a number unless it is told.
_PRINTED = ("DN_QUALIFIER", "EMAIL_ADDRESS", "SERIAL_NUMBER", "SURNAME", "GIVEN_NAME", "TITLE")
# JS7 writes its subjects in this order, and compares them to the letter.
_JS7_ORDER = (
    "COUNTRY_NAME",
    "STATE_OR_PROVINCE_NAME",
    "LOCALITY_NAME",
    "ORGANIZATION_NAME",
    "ORGANIZATIONAL_UNIT_NAME",
    "COMMON_NAME",
)
_MAXIMUM_LENGTH = 2048
_KEYWORD = re.compile(r"\s*([A-Za-z][A-Za-z0-9-]*)\s*=\s*")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"\s*')
_PLAIN = {",": re.compile(r"((?:\\.|[^\\,+\"])*)"), "/": re.compile(r"((?:\\.|[^\\/+\"])*)")}
_ESCAPED = re.compile(r"((?:\\[0-9A-Fa-f]{2})+)|\\(.)")
_WAY_OUT = "write it as CN=web1,OU=IT,O=Example,C=DE or as /C=DE/O=Example/OU=IT/CN=web1"


def load_subject(text: str) -> x509.Name:
    """A distinguished name; an empty text is the empty one, of a certificate that only its SANs name.

    RFC 4514 begins with the most specific attribute, the form of `openssl -subj` with the country. Raises
    UnusableError: subject_invalid.
    """
    if len(text) > _MAXIMUM_LENGTH:
        raise _invalid(text, f"is longer than {_MAXIMUM_LENGTH} characters")
    if not text.strip() or text.strip() == "/":
        return x509.Name([])
    is_openssl = text.lstrip().startswith("/")
    body, separator = (text.lstrip()[1:], "/") if is_openssl else (text, ",")
    attributes = list(_load_attributes(body, separator, text))
    return x509.Name(attributes if is_openssl else reversed(attributes))


def describe_subject(name: x509.Name) -> str:
    """RFC 4514 text that load_subject() reads back."""
    return name.rfc4514_string({_oid(attribute): attribute.keywords[0] for attribute in _find(*_PRINTED)})


def make_js7_subject(asked: x509.Name, authority: x509.Name) -> x509.Name:
    """As JS7 names what its CA issues: what was not asked for comes from the CA, whose common name is the qualifier.

    Raises UnusableError: subject_invalid.
    """
    kinds = [_oid(attribute) for attribute in _find(*_JS7_ORDER)]
    qualifier, common_name = NameOID.DN_QUALIFIER, NameOID.COMMON_NAME
    foreign = [item.rfc4514_attribute_name for item in asked if item.oid not in (*kinds, qualifier)]
    if foreign:
        raise _invalid(describe_subject(asked), f"has {', '.join(foreign)}, which JS7 does not know; leave it out")
    if not asked.get_attributes_for_oid(common_name):
        raise _invalid(describe_subject(asked), "has no common name (CN), by which JS7 knows a server")
    attributes = [item for kind in kinds for item in _find_attributes(kind, asked, authority)]
    qualifiers = [
        x509.NameAttribute(qualifier, str(item.value)) for item in authority.get_attributes_for_oid(common_name)[:1]
    ]
    return x509.Name([*attributes, *qualifiers])


def complete_js7_subject(asked: x509.Name, host: str) -> x509.Name:
    """With the host as its common name where none was said. Raises UnusableError: subject_invalid."""
    if host and not asked.get_attributes_for_oid(NameOID.COMMON_NAME):
        common_name = _load_attribute(_BY_KEYWORD["cn"], host, f"CN={host}")
        asked = x509.Name([*asked, common_name])
    make_js7_subject(asked, x509.Name([]))
    return asked


def _find_attributes(
    kind: x509.ObjectIdentifier, asked: x509.Name, authority: x509.Name
) -> list[x509.NameAttribute[str | bytes]]:
    return asked.get_attributes_for_oid(kind) or authority.get_attributes_for_oid(kind)


def _load_attributes(body: str, separator: str, text: str) -> Iterator[x509.NameAttribute[str]]:
    position = 0
    while True:
        keyword = _KEYWORD.match(body, position)
        attribute = _BY_KEYWORD.get(keyword[1].lower()) if keyword else None
        if keyword is None or attribute is None:
            raise _invalid(text, _explain_keyword(keyword))
        value = _QUOTED.match(body, keyword.end()) or _PLAIN[separator].match(body, keyword.end())
        yield _load_attribute(attribute, value[1] if value else "", text)
        position = value.end() if value else len(body)
        if position == len(body):
            return
        if body[position] != separator:
            raise _invalid(text, f"has an unescaped `{body[position]}` in {keyword[1]}; put a backslash before it")
        position += 1


def _explain_keyword(keyword: re.Match[str] | None) -> str:
    known = ", ".join(attribute.keywords[0] for attribute in _ATTRIBUTES)
    if keyword is None:
        return f"is no list of attributes; {_WAY_OUT}"
    return f"has the attribute {printable(keyword[1][:40])}, which is not known; known are {known}"


def _load_attribute(attribute: _Attribute, raw: str, text: str) -> x509.NameAttribute[str]:
    value, keyword = _unescape(raw, text), attribute.keywords[0]
    if attribute.oid == "COUNTRY_NAME":
        value = value.upper()
    if not value or value != value.strip() or value.startswith("#"):
        raise _invalid(text, f"has an empty {keyword}, or one with a blank at its end or a `#` at its beginning")
    if not value.isprintable() or (attribute.allowed and not re.fullmatch(attribute.allowed, value)):
        raise _invalid(text, f"has characters in {keyword} that cannot stand there (RFC 5280 A.1)")
    if len(value) > attribute.limit:
        raise _invalid(text, f"has more than {attribute.limit} characters in {keyword} (RFC 5280 A.1)")
    return x509.NameAttribute(_oid(attribute), value)


def _unescape(raw: str, text: str) -> str:
    """Two hex digits are one byte of UTF-8 (RFC 4514 3); blanks around a value do not count, escaped ones do."""
    stripped = raw.strip()
    if stripped.endswith("\\") and not stripped.endswith("\\\\"):
        stripped += " "
    try:
        return _ESCAPED.sub(
            lambda found: bytes.fromhex(found[1].replace("\\", "")).decode() if found[1] else found[2], stripped
        )
    except UnicodeDecodeError:
        raise _invalid(text, "has hexadecimal digits that are no UTF-8") from None


def _find(*names: str) -> Iterator[_Attribute]:
    """In the order of the names."""
    by_name = {attribute.oid: attribute for attribute in _ATTRIBUTES}
    return (by_name[name] for name in names)


def _oid(attribute: _Attribute) -> x509.ObjectIdentifier:
    oid: x509.ObjectIdentifier = getattr(NameOID, attribute.oid)
    return oid


def _invalid(text: str, fact: str) -> UnusableError:
    return UnusableError("subject_invalid", f"The subject `{printable(text[:200])}` {fact}")
