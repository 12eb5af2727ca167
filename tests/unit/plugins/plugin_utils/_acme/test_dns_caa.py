# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dns_caa import (
    CaaClient,
    CaaProperty,
    CaaSet,
    find_caa_fault,
    needs_account,
)

ACCOUNT = "https://ca.example/acct/1"
CLIENT = CaaClient(("ca.example", "other-ca.example"), ACCOUNT, "http-01")
NOT_NAMED = "does not name ca.example or other-ca.example by its `issue`"


def found(*values: str) -> CaaSet:
    """Values of `issue`, or `tag=value` for another tag; `!` before it makes it critical."""
    properties = []
    for text in values:
        tag, separator, value = text.partition("~")
        flags = 128 if tag.startswith("!") else 0
        properties.append(CaaProperty(flags, tag.lstrip("!"), value) if separator else CaaProperty(0, "issue", text))
    return CaaSet("example.org", tuple(properties))


@pytest.mark.parametrize(
    ("properties", "is_wildcard", "expected"),
    [
        pytest.param((), False, "", id="no set"),
        pytest.param(("ca.example",), False, "", id="named"),
        pytest.param(("foreign.example", "other-ca.example"), False, "", id="one of the CA's names, beside another CA"),
        pytest.param((" CA.Example ; ",), False, "", id="upper case and blanks"),
        pytest.param(("ISSUE~ca.example",), False, "", id="tags are the same in upper case"),
        pytest.param(("foreign.example",), False, NOT_NAMED, id="another CA"),
        pytest.param((";",), False, NOT_NAMED, id="nobody"),
        pytest.param(("",), False, NOT_NAMED, id="empty"),
        pytest.param(("ca.example; so wrong",), False, NOT_NAMED, id="malformed parameters"),
        pytest.param(("iodef~mailto:a@example.org",), False, "", id="only a contact"),
        pytest.param(("issuewild~;",), False, "", id="only wildcards are restricted"),
        pytest.param(("ca.example",), True, "", id="a wildcard by issue"),
        pytest.param(
            ("ca.example", "issuewild~;"), True, NOT_NAMED.replace("`issue`", "`issuewild`"), id="wildcards forbidden"
        ),
        pytest.param((";", "issuewild~ca.example"), True, "", id="wildcards alone permitted"),
        pytest.param((";", "issuewild~ca.example"), False, NOT_NAMED, id="the host by issue all the same"),
        pytest.param(
            ("ca.example", "!future~x"),
            False,
            "holds the critical property `future`, which no CA may pass over",
            id="critical and unknown",
        ),
        pytest.param(("ca.example", "future~x"), False, "", id="unknown and not critical"),
        pytest.param(("!issue~ca.example",), False, "", id="critical and known"),
    ],
)
def test_who_may_issue(properties: tuple[str, ...], is_wildcard: bool, expected: str) -> None:
    assert find_caa_fault(found(*properties), CLIENT, is_wildcard=is_wildcard) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(f"ca.example; accounturi={ACCOUNT}", "", id="our account"),
        pytest.param("ca.example; validationmethods=dns-01,http-01", "", id="our challenge among others"),
        pytest.param(f"ca.example;AccountURI = {ACCOUNT};validationmethods=http-01", "", id="both"),
        pytest.param("ca.example; policy=ev", "", id="a parameter of the CA's own"),
        pytest.param(
            "ca.example; accounturi=https://ca.example/acct/2",
            f"permits only the account https://ca.example/acct/2, and ours is {ACCOUNT}, by its `issue`",
            id="another account",
        ),
        pytest.param(
            f"ca.example; accounturi={ACCOUNT}; accounturi={ACCOUNT}",
            "permits nobody by its `issue`",
            id="two accounts",
        ),
        pytest.param(
            "ca.example; validationmethods=dns-01",
            "permits only the challenges dns-01, not http-01, by its `issue`",
            id="another challenge",
        ),
        pytest.param(
            "ca.example; validationmethods=",
            "permits only the challenges (none), not http-01, by its `issue`",
            id="no challenge at all",
        ),
    ],
)
def test_for_which_account_and_challenge(value: str, expected: str) -> None:
    assert find_caa_fault(found(value), CLIENT, is_wildcard=False) == expected
    assert find_caa_fault(found("foreign.example", value), CLIENT, is_wildcard=False) == expected


@pytest.mark.parametrize(
    ("account", "value", "expected"),
    [
        pytest.param("", f"ca.example; accounturi={ACCOUNT}", True, id="a named account, ours is unknown"),
        pytest.param(ACCOUNT, f"ca.example; accounturi={ACCOUNT}", False, id="ours is known"),
        pytest.param("", "ca.example", False, id="any account"),
    ],
)
def test_whether_a_permission_depends_on_the_account(account: str, value: str, expected: bool) -> None:
    client = CaaClient(CLIENT.identities, account, "http-01")
    assert find_caa_fault(found(value), client, is_wildcard=False) == ""
    assert needs_account(found(value), client, is_wildcard=False) is expected
