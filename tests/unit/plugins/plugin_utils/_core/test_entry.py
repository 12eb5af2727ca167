# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.entry import (
    Entry,
    find_notices,
    load_entry,
    refuse_absent,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice, Problem
from ansible_collections.certwright.tls.plugins.plugin_utils._core.removal import Removal
from ansible_collections.certwright.tls.plugins.plugin_utils._core.supplied import Declaration

URL: dict[str, Any] = {"external_url": "www.a.example"}
AT_HOST = {**URL, "remote_src": True, "certificate_src": "/c", "private_key_src": "/k"}
SIGNED = {**URL, "private_key_requested": True, "certificate_src": "a.pem"}
TEXT = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\n-----END PRIVATE KEY-----\n"


def entry_of(name: str = "a.example", *, stage_only: bool = False, **words: Any) -> Entry:
    """With the defaults that the module's specification gives."""
    arguments = {"state": "present", "other_urls": [], "accept": [], "services": [], "remote_src": False, **words}
    return load_entry(arguments, name=name, stage_only=stage_only)


def refused(name: str = "a.example", **words: Any) -> tuple[Problem, ...]:
    with pytest.raises(RefusedError) as error:
        entry_of(name, **words)
    return error.value.problems


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param(URL, "supplied", id="with an external URL"),
        pytest.param({**URL, "certificate_src": "a.pem"}, "supplied", id="with material"),
        pytest.param({**URL, "remote_src": True, "pkcs12_src": "/p"}, "on_host", id="material on the host"),
        pytest.param(SIGNED, "requested", id="signed for a request of the host"),
        pytest.param({**URL, "private_key_requested": False}, "supplied", id="not signed for one"),
        pytest.param({**SIGNED, "state": "absent"}, "gone", id="absent, and signed for a request once"),
        pytest.param({**URL, "state": "adopted"}, "adopted", id="adopted"),
        pytest.param({**URL, "state": "adopted", "remote_src": True}, "adopted", id="adopted, which is on the host"),
        pytest.param({"state": "absent"}, "gone", id="absent"),
        pytest.param({**URL, "state": "absent", "certificate_src": "a.pem"}, "gone", id="absent, with all its words"),
        pytest.param({"state": "absent", "remote_src": True}, "gone", id="absent, with material on the host"),
        pytest.param({}, "gone", id="neither URL nor material: that of the system"),
        pytest.param({"services": ["nginx"], "mode": "0640"}, "gone", id="who gets it makes no certificate"),
    ],
)
def test_what_the_words_come_to(words: dict[str, Any], expected: str) -> None:
    assert expected == entry_of(**words).kind


@pytest.mark.parametrize(
    ("name", "words", "codes"),
    [
        pytest.param("system", {"state": "absent"}, ["absent_refused"], id="the system certificate is never removed"),
        pytest.param("System", {"state": "absent"}, ["absent_refused"], id="in no spelling"),
        pytest.param("system", {}, ["external_url_missing"], id="and falls back to none"),
        pytest.param("a.example", {"state": "adopted"}, ["external_url_missing"], id="adopted without a name"),
        pytest.param(
            "a.example",
            {**URL, "state": "adopted", "private_key_src": "/k"},
            ["material_ambiguous"],
            id="a key that is to be adopted",
        ),
        pytest.param("a.example", {"external_url": " "}, ["external_url_missing"], id="an empty name"),
        pytest.param("a.example", {"ca_src": "ca.pem"}, ["external_url_missing"], id="material without a name"),
        pytest.param("a.example", {"pkcs12_content": ""}, ["external_url_missing"], id="empty material is material"),
        pytest.param("a.example", {"other_urls": ["b.example"]}, ["external_url_missing"], id="other names only"),
        pytest.param(
            "a.example",
            {**URL, "remote_src": True, "private_key_content": TEXT},
            ["material_ambiguous"],
            id="text that is to be on the host",
        ),
        pytest.param("a.example", {**URL, "remote_src": True}, ["material_missing"], id="nothing on the host"),
        pytest.param("a.example", {**AT_HOST, "private_key_src": None}, ["material_missing"], id="no key there"),
        pytest.param(
            "a.example", {**AT_HOST, "certificate_src": None}, ["material_missing"], id="no certificate there"
        ),
        pytest.param("a.example", {**AT_HOST, "pkcs12_src": "/p"}, ["material_ambiguous"], id="all of it there"),
        pytest.param(
            "a.example",
            {**AT_HOST, "private_key_src": None, "pkcs12_src": "/p"},
            ["material_ambiguous"],
            id="a container there, and a certificate",
        ),
        pytest.param(
            "a.example",
            {"remote_src": True, "private_key_content": TEXT},
            ["external_url_missing", "material_ambiguous"],
            id="all together",
        ),
        *(
            pytest.param("a.example", {**SIGNED, **words}, ["material_ambiguous"], id=f"requested, and {id_}")
            for words, id_ in (
                ({"private_key_src": "a.key"}, "a key"),
                ({"private_key_content": TEXT}, "the text of a key"),
                ({"pkcs12_src": "a.p12", "ca_src": "ca.pem"}, "a container"),
                ({"pkcs12_content": "MII="}, "the text of a container"),
                ({"private_key_passphrase": "secret"}, "a passphrase"),
                ({"pkcs12_passphrase_src": "a.txt"}, "a file with one"),
                ({"remote_src": True}, "all of it on the host"),
                ({"remote_src": True, "certificate_content": TEXT}, "on the host and here"),
                ({"state": "adopted"}, "adopted"),
            )
        ),
        pytest.param(
            "a.example",
            {**SIGNED, "certificate_src": None},
            ["material_missing"],
            id="requested, without what was signed",
        ),
        pytest.param(
            "a.example",
            {"private_key_requested": True},
            ["external_url_missing", "material_missing"],
            id="requested for nobody",
        ),
    ],
)
def test_what_words_cannot_mean_together(name: str, words: dict[str, Any], codes: list[str]) -> None:
    assert codes == [problem.code for problem in refused(name, **words)]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param("a.example", SIGNED, id="what was signed for a request"),
        pytest.param(
            "a.example",
            {**URL, "private_key_requested": True, "certificate_content": TEXT, "ca_src": "ca.pem"},
            id="what was signed for a request, with its CA",
        ),
        pytest.param(
            "a.example", {**SIGNED, "private_key_passphrase": ""}, id="a field of a survey that was left empty"
        ),
        pytest.param("system", URL, id="the system certificate is replaced"),
        pytest.param("a.example", {"ca_src": None, "pkcs12_content": None}, id="nothing given at all"),
        pytest.param("a.example", {"state": "absent", "ca_src": "ca.pem"}, id="what goes needs no name"),
        pytest.param("a.example", AT_HOST, id="paths on the host"),
        pytest.param(
            "a.example", {**URL, "remote_src": True, "pkcs12_src": "/p", "ca_src": "/c"}, id="a container on the host"
        ),
        pytest.param("a.example", {"state": "absent", "remote_src": True, "ca_src": "/c"}, id="what goes needs no key"),
        pytest.param(
            "a.example",
            {**URL, "state": "adopted", "remote_src": True, "certificate_src": "/c"},
            id="what is adopted needs no key",
        ),
        pytest.param("a.example", {**URL, "private_key_content": TEXT}, id="text"),
    ],
)
def test_what_words_can_mean(name: str, words: dict[str, Any]) -> None:
    assert name == entry_of(name, **words).name


@pytest.mark.parametrize(
    ("name", "words", "message"),
    [
        pytest.param(
            "system",
            {},
            "external_url is missing; nothing can be installed before the host name that clients use is known",
            id="system without a URL",
        ),
        pytest.param(
            "a.example",
            {"certificate_src": "a.pem"},
            "external_url is missing; nothing can be installed before the host name that clients use is known: "
            "say it, or leave out the rest too, and the domain uses the certificate of system",
            id="domain without a URL",
        ),
        pytest.param(
            "a.example",
            {**URL, "remote_src": True, "private_key_content": TEXT, "ca_content": TEXT},
            "ca_content, private_key_content holds text, and remote_src says that the material lies on the host; "
            "name its paths there, or leave out remote_src",
            id="text on the host",
        ),
        pytest.param(
            "a.example",
            {**URL, "remote_src": True, "ca_src": "/c"},
            "remote_src is given without certificate_src and private_key_src; "
            "name certificate_src and private_key_src on the host, or pkcs12_src alone",
            id="nothing on the host",
        ),
        pytest.param(
            "a.example",
            {**AT_HOST, "pkcs12_src": "/p"},
            "pkcs12_src was passed together with certificate_src and private_key_src, which it holds already; "
            "name certificate_src and private_key_src on the host, or pkcs12_src alone",
            id="all of it on the host",
        ),
    ],
)
def test_a_refusal_names_the_way_out_and_no_material(name: str, words: dict[str, Any], message: str) -> None:
    assert [(name, message)] == [(problem.certificate, problem.message) for problem in refused(name, **words)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("a.example", "a.example", id="as it is"),
        pytest.param("A.Example", "a.example", id="in lower case"),
        pytest.param("bücher.example", "xn--bcher-kva.example", id="a script of its own in A-labels"),
        pytest.param("BÜCHER.example", "xn--bcher-kva.example", id="in upper case"),
    ],
)
def test_a_domain_has_one_name_in_the_store(name: str, expected: str) -> None:
    assert expected == entry_of(name).name


def test_a_domain_that_is_no_name_is_refused_by_the_name_it_was_given() -> None:
    assert [(item.certificate, item.code) for item in refused("bü..cher", **URL)] == [("bü..cher", "name_invalid")]


def test_everything_that_was_said_is_kept_as_plain_text() -> None:
    entry = entry_of(
        stage_only=True,
        external_url="https://www.a.example",
        other_urls=["b.example"],
        services=["nginx", {"nginx": {"name": "b"}}],
        accept=["ends_sooner"],
        group="tls",
        mode="0640",
        certificate_src="a.pem",
        private_key_content=TEXT,
    )

    expected = Declaration(
        name="a.example",
        names=("https://www.a.example", "b.example"),
        services=("nginx", {"nginx": {"name": "b"}}),
        attributes={"group": "tls", "mode": "0640"},
        accepted=frozenset({"ends_sooner"}),
        stage_only=True,
    )
    assert expected == entry.to_declaration()
    assert entry.given == {"certificate_src", "private_key_content"}
    assert "MIGH" not in repr(entry)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param({"other_urls": None, "accept": None, "services": None}, (), id="left out"),
        pytest.param({"other_urls": ["b.example"]}, ("b.example",), id="given"),
    ],
)
def test_lists_may_be_left_out(words: dict[str, Any], expected: tuple[str, ...]) -> None:
    entry = entry_of(**URL, **words)

    assert (expected, (), frozenset()) == (entry.other_urls, entry.services, entry.accepted)


def test_what_goes_falls_back_to_the_system_certificate() -> None:
    entry = entry_of(stage_only=True, state="absent", accept=["files_abandoned"])

    bringing = frozenset({"nginx/privkey.pem"})
    expected = Removal("a.example", "system", frozenset({"files_abandoned"}), stage_only=True, bringing=bringing)
    assert expected == entry.to_removal(bringing)


@pytest.mark.parametrize("name", ["", ".", "..", "../../../etc/passwd", "/etc/passwd", "a/b", "a b", ".git", "a\n"])
def test_a_name_that_leads_out_of_its_directory_is_never_removed(name: str) -> None:
    with pytest.raises(RefusedError) as error:
        entry_of(name, state="absent").to_removal(frozenset())
    assert [(name.removesuffix("."), "name_invalid")] == [
        (item.certificate, item.code) for item in error.value.problems
    ]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param(
            {},
            [
                Notice(
                    "uses_system",
                    "a.example has no external_url, so it has no certificate of its own and uses that of system",
                )
            ],
            id="present, and without a URL",
        ),
        pytest.param(URL, [], id="with one"),
        pytest.param({"state": "absent"}, [], id="absent, as was said"),
        pytest.param({**URL, "state": "adopted"}, [], id="adopted"),
    ],
)
def test_a_domain_without_a_certificate_of_its_own_is_told(words: dict[str, Any], expected: list[Notice]) -> None:
    assert tuple(expected) == find_notices(entry_of(**words))


def test_that_the_system_certificate_stays_is_told_with_the_way_out() -> None:
    expected = (
        "the system certificate can be replaced, never removed: every service without its own falls back to it; "
        "supply another one with `state: present`, or remove a domain's certificate"
    )

    assert Problem("web", "absent_refused", expected) == refuse_absent("web")
