# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._ca.asked import load_asked
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.subjects import describe_subject, load_subject
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=timezone.utc)
WEB: dict[str, Any] = {"name": "system", "host": "web1", "names": ["web1.example.org"]}
LIMIT, WHOLE = NOW + timedelta(days=100), timedelta(days=1825)


def test_the_words_of_a_request_become_one_spelling():
    asked = load_asked({**WEB, "names": ["WEB1.example.org.", "web1.example.org"], "ips": ["::0:1"], "usage": "both"})

    assert (asked.names, asked.usage, asked.title) == (("web1.example.org", "::1"), "both", "web1 system")


def test_a_certificate_of_no_host_has_its_name_as_title():
    assert load_asked({"name": "jane", "emails": ["jane@example.org"]}).title == "jane"


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        pytest.param({"names": ["not a name"]}, ["name_invalid"], id="a name that is none"),
        pytest.param({"ips": ["web1"]}, ["address_invalid"], id="a name among addresses"),
        pytest.param({"emails": ["jane"]}, ["email_invalid"], id="a mail address without a host"),
        pytest.param({"emails": ["jäne@example.org"]}, ["email_invalid"], id="a mail address that is not ASCII"),
        pytest.param({"days": 0}, ["date_invalid"], id="no day at all"),
        pytest.param({"days": 99999999}, ["date_invalid"], id="more days than there are dates for"),
        pytest.param({"days": 1, "not_after": "2027-01-01T00:00:00Z"}, ["date_invalid"], id="two ends"),
        pytest.param({"not_after": "tomorrow"}, ["date_invalid"], id="an end that is no instant"),
        pytest.param({"subject": "nonsense"}, ["subject_invalid"], id="a subject that is none"),
        pytest.param(
            {"subject": "UID=web1", "subject_form": "js7"},
            ["subject_invalid"],
            id="an attribute that JS7 does not know",
        ),
        pytest.param(
            {"names": [f"{'a' * 63}.example"], "subject_form": "js7"},
            ["subject_invalid"],
            id="a name that is too long for a common name",
        ),
        pytest.param({"names": [], "subject_form": "js7"}, ["subject_invalid"], id="nothing that JS7 knows it by"),
        pytest.param(
            {"ips": ["x y"], "days": -1, "subject": "nonsense"},
            ["address_invalid", "date_invalid", "subject_invalid"],
            id="all faults together",
        ),
    ],
)
def test_faulty_words_are_refused(words: dict[str, Any], codes: list[str]):
    with pytest.raises(RefusedError) as refused:
        load_asked({**WEB, **words})

    assert codes == sorted(problem.code for problem in refused.value.problems)
    assert {"web1 system"} == {problem.certificate for problem in refused.value.problems}


@pytest.mark.parametrize(
    ("words", "ends"),
    [
        pytest.param({}, LIMIT, id="what nobody said ends with the CA"),
        pytest.param({"days": 90}, NOW + timedelta(days=90), id="days before the end of the CA"),
        pytest.param({"days": 397}, LIMIT, id="a rule is cut at the end of the CA"),
        pytest.param({"days": 4000}, NOW + timedelta(days=4000), id="a rule that this CA could never keep"),
        pytest.param(
            {"not_after": "2028-01-01T00:00:00Z"},
            datetime(2028, 1, 1, tzinfo=timezone.utc),
            id="an instant is a demand",
        ),
    ],
)
def test_when_it_is_to_end(words: dict[str, Any], ends: datetime):
    assert ends == load_asked({**WEB, **words}).find_end(NOW, limit=LIMIT, whole=WHOLE)


def test_the_same_request_has_the_same_digest_whatever_the_order_and_the_life():
    one = load_asked({**WEB, "names": ["a.example", "b.example"], "days": 1})
    other = load_asked({**WEB, "names": ["b.example", "a.example"], "days": 2})

    assert one.digest("k") == other.digest("k")


@pytest.mark.parametrize(
    "change", [{"names": ["a.example"]}, {"usage": "client"}, {"emails": ["j@example.org"]}, {"subject": "CN=web1"}]
)
def test_another_request_has_another_digest(change: dict[str, Any]):
    assert load_asked(WEB).digest("k") != load_asked({**WEB, **change}).digest("k")


def test_another_key_makes_another_request():
    assert load_asked(WEB).digest("k") != load_asked(WEB).digest("l")


def test_a_subject_is_read():
    assert describe_subject(load_asked({**WEB, "subject": "/O=Example/CN=web1"}).subject) == "CN=web1,O=Example"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param({}, "", id="as it was said"),
        pytest.param({"subject": "O=Own,CN=web1"}, "O=Own,CN=web1", id="in the order in which it was said"),
        pytest.param(
            {"subject_form": "js7"},
            "dnQualifier=Office,CN=web1.example.org,OU=IT,O=Example,C=DE",
            id="completed from its names and the CA",
        ),
        pytest.param(
            {"subject_form": "js7", "subject": "O=Own,CN=web1"},
            "dnQualifier=Office,CN=web1,OU=IT,O=Own,C=DE",
            id="completed from what was said",
        ),
        pytest.param(
            {"subject_form": "js7", "names": [], "ips": ["192.0.2.1"], "subject": "CN=web1"},
            "dnQualifier=Office,CN=web1,OU=IT,O=Example,C=DE",
            id="of an address with a common name",
        ),
    ],
)
def test_which_subject_is_signed(words: dict[str, Any], expected: str) -> None:
    authority = load_subject("CN=Office,OU=IT,O=Example,C=DE")
    assert expected == describe_subject(load_asked({**WEB, **words}).find_subject(authority))


def test_another_form_of_the_subject_is_another_request() -> None:
    plain, formed = (load_asked({**WEB, "subject": "CN=web1", **form}) for form in ({}, {"subject_form": "js7"}))
    assert plain.digest("key") != formed.digest("key")
