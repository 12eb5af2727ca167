# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What opens an encrypted key or container, and whether it was asked for."""

from __future__ import annotations

from dataclasses import dataclass, field

from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice


@dataclass(frozen=True)
class Passphrase:
    """`is_declared` is False for one of the environment: it serves whoever needs it, and nobody has to."""

    text: str = field(repr=False)
    is_declared: bool = True

    def encode(self) -> bytes:
        """UTF-8; an undecodable byte of a passphrase file arrives as a surrogate, and goes on as the byte it was."""
        try:
            return self.text.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            return self.text.encode("utf-8", "surrogatepass")


def describe_unused(passphrase: Passphrase | None, *, option: str, fact: str) -> tuple[Notice, ...]:
    """One notice when the operator declared a passphrase that nothing needs."""
    if passphrase is None or not passphrase.text or not passphrase.is_declared:
        return ()
    return (Notice("passphrase_unused", f"{option} is not needed: {fact}"),)
