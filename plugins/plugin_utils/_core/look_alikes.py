# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was handed over instead of a file that can be read, by its first bytes, and the way out."""

from __future__ import annotations

import re

_KEYTOOL = "`keytool -importkeystore -srckeystore FILE -destkeystore FILE.p12 -deststoretype PKCS12`"

_CERTIFICATE = ("`-----BEGIN CERTIFICATE-----`", "pass the text or file that the CA sent")
_PRIVATE_KEY = ("`-----BEGIN PRIVATE KEY-----`", "pass the key that was made together with the certificate request")

# {option} is the option's base name.
_LOOK_ALIKES = (
    (re.compile(rb"\s*\[\s*u?['\"]"), "it is a list written as text; join its parts to one text"),
    (re.compile(rb"\s*\$ANSIBLE_VAULT;"), "it is still encrypted by ansible-vault; pass the decrypted text"),
    (
        re.compile(rb"(?:\xfe\xed\xfe\xed|\xce\xce\xce\xce)\0"),
        f"it is a Java keystore; convert it by {_KEYTOOL} and pass that as pkcs12_src",
    ),
    (
        re.compile(rb"\x30(?:\xef\xbf\xbd|\xc2[\x80-\x84])"),
        "it is binary that was read as text, which destroys it; pass the file itself as {option}_src",
    ),
    (
        re.compile(rb"\x30[\x80-\x84]"),
        "it begins like a binary file, but is truncated, damaged or of another kind; copy it in binary mode",
    ),
)
_NOT_PEM = (
    (re.compile(rb"[^-]*-{1,10}\s*BEGIN\b"), "its BEGIN line is damaged; it reads like {begin}"),
    (re.compile(rb"\s*MI[A-Za-z0-9+/=\s\\]+\Z"), "it is base64 without its BEGIN and END lines; pass the whole file"),
)
_NOT_PKCS12 = (
    (
        re.compile(rb"[^-]*-----BEGIN\b"),
        "it is PEM; pass it as certificate_src, and its private key as private_key_src",
    ),
    (re.compile(rb"\s*MI[A-Za-z0-9+/=\s\\]+\Z"), "it is base64; pass that text as pkcs12_content, encoded only once"),
)
_PATH = re.compile(rb"[^\n\0]{1,300}\.(?:pem|crt|cer|der|key|p7b|p12|pfx)\Z")


def explain(content: bytes, option: str) -> str:
    """The rest of a sentence about the input of this option, which was found to be none of the kinds it takes."""
    begin, way_out = _PRIVATE_KEY if option == "private_key" else _CERTIFICATE
    looks = (*_LOOK_ALIKES, *(_NOT_PKCS12 if option == "pkcs12" else _NOT_PEM))
    for pattern, explanation in looks:
        if pattern.match(content):
            return explanation.format(option=option, begin=begin)
    if _PATH.match(content.strip()):
        return f"it is a path; {option}_src takes paths"
    if option == "pkcs12":
        return "it is none; pass the .p12 or .pfx file as it was exported"
    return f"it has no line such as {begin}; {way_out}"
