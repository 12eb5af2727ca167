# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The words of a certificate of an internal CA, and everything that is wrong with them at once."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.internal_words import SigningTask
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Reason
from ansible_collections.certwright.tls.plugins.plugin_utils._services.presets import PRESETS
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.internal_certificates import (
    CA_ID,
    NAMES,
    office,
    signing_of,
    wish_of,
)


def refused(**words: Any) -> list[tuple[str, str]]:
    with pytest.raises(RefusedError) as refusal:
        wish_of(**words)
    return [(item.certificate, item.code) for item in refusal.value.problems]


def test_what_is_not_said_has_its_default() -> None:
    wish = wish_of()
    assert (wish.name, wish.names, wish.words.issuer.directory) == ("web", NAMES, f"internal_ca:{CA_ID}")
    assert (wish.words.key_type, wish.words.force, wish.words.issuer.contact) == ("", False, "")
    signing = signing_of(wish)
    assert (signing.ca, signing.usage, signing.emails, signing.subject) == (office(), "server", (), "")
    assert (signing.issuer, signing.days, signing.not_after) == ("", None, None)


def test_what_is_said_counts() -> None:
    task = {"stage_only": True, "is_scheduled": True, "force_age": timedelta(0), "default_domain": "b.example"}
    words = {"usage": "both", "emails": ["a@b.example", "a@b.example "], "subject": " CN=a ", "key_type": "rsa3072"}
    wish = wish_of(task=task, force=True, not_after="2027-01-20T00:00:00Z", accept=["files_abandoned"], **words)
    signing = signing_of(wish)
    assert (signing.usage, signing.emails, signing.subject) == ("both", ("a@b.example",), "CN=a")
    assert signing.not_after == datetime(2027, 1, 20, tzinfo=timezone.utc)
    assert (wish.words.key_type, wish.words.force, wish.words.is_scheduled) == ("rsa3072", True, True)
    assert (wish.words.force_age, wish.words.issuer.contact) == (timedelta(0), "no-reply@b.example")
    assert (wish.declared.stage_only, wish.declared.accepted) == (True, frozenset({"files_abandoned"}))
    assert signing_of(wish_of(days="90")).days == 90


JS7_WORDS = {"owner": "js7", "ports": [4443], "passphrase": "an orchard"}


@pytest.mark.parametrize(
    ("services", "words", "expected"),
    [
        pytest.param(["nginx"], {}, ("server", ""), id="no service of JS7"),
        pytest.param([{"js7_agent": JS7_WORDS}], {}, ("both", "js7"), id="what its service needs"),
        pytest.param([{"js7_agent": JS7_WORDS}, "nginx"], {"usage": "both"}, ("both", "js7"), id="as it was said"),
        pytest.param(
            [{"js7_agent": {**JS7_WORDS, "keystore": "server"}}], {}, ("server", "js7"), id="a server and nothing else"
        ),
    ],
)
def test_services_of_js7_shape_the_certificate(
    services: list[Any], words: dict[str, Any], expected: tuple[str, str]
) -> None:
    signing = signing_of(wish_of(services=services, **words))
    assert expected == (signing.usage, signing.subject_form)


def test_a_usage_that_a_service_cannot_do_with_is_refused() -> None:
    assert refused(services=[{"js7_agent": JS7_WORDS}], usage="server") == [("web", "usage_unsuitable")]


def test_each_certificate_has_its_own_ca() -> None:
    first, second = office(), office(id="0b" * 32)
    task = SigningTask(PRESETS, {"": first, "lab": second, "silent": None})

    def ca_of(**words: Any) -> Any:
        return signing_of(task.load({"name": "web", "external_url": "a.example", **words})).ca

    assert [ca_of(), ca_of(issuer="lab"), ca_of(issuer="silent"), ca_of(issuer="other")] == [first, second, None, first]
    assert SigningTask(PRESETS, {}).load({"name": "web", "external_url": "a"}).words.issuer.directory == "internal_ca:"


def test_each_certificate_has_the_fault_of_its_own_ca() -> None:
    other, lab = Reason("failed", "no Python"), Reason("ca_damaged", "entry 7")
    task = SigningTask(PRESETS, {"": None, "lab": None, "silent": None}, faults={"": other, "lab": lab})
    faults = [
        signing_of(task.load({"name": "web", "external_url": "a.example", "issuer": issuer})).fault
        for issuer in ("lab", "silent", "unknown")
    ]
    assert faults == [lab, None, other]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param({"external_url": " "}, ["external_url_missing"], id="no name"),
        pytest.param({"external_url": "a b"}, ["name_invalid"], id="a name that is none"),
        pytest.param({"services": ["ngnix"]}, ["unknown_service"], id="a service that is unknown"),
        pytest.param({"days": 0}, ["date_invalid"], id="no day at all"),
        pytest.param({"days": 3, "not_after": "2027-01-20T00:00:00Z"}, ["date_invalid"], id="two ends"),
        pytest.param({"not_after": "tomorrow"}, ["date_invalid"], id="an end that is none"),
        pytest.param({"key_origin": "controller"}, ["key_origin_refused"], id="a key from elsewhere"),
        pytest.param(
            {"days": -1, "key_origin": "controller", "external_url": "a b", "services": ["ngnix"]},
            ["date_invalid", "key_origin_refused", "name_invalid", "unknown_service"],
            id="all at once",
        ),
    ],
)
def test_what_is_wrong_is_told_at_once(words: dict[str, Any], expected: list[str]) -> None:
    assert [("web", code) for code in expected] == refused(**words)


def test_a_key_that_the_host_makes_may_be_asked_for_by_name() -> None:
    assert wish_of(key_origin="host").words.key_origin == "host"
