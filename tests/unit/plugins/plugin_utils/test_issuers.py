# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Words of a task become orders: secrets from where they are, every problem of every certificate, shared ones."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._collected import REFUSE_ALL, SKIP
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_words import (
    LETS_ENCRYPT,
    LETS_ENCRYPT_STAGING,
    Issuer,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.ordered import Ordered
from ansible_collections.certwright.tls.plugins.plugin_utils._core.passphrase import Passphrase
from ansible_collections.certwright.tls.plugins.plugin_utils._core.sharing import Handed, Sharing
from ansible_collections.certwright.tls.plugins.plugin_utils._issuers import (
    Members,
    OrderReader,
    OrderTask,
    read_orders,
)
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.ordered_certificates import (
    DIRECTORY,
    SECRET,
)
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils.test_remote import Action

KEY, EAB, TSIG, SHARED = (
    "CERTWRIGHT_ACME_ACCOUNT_KEY",
    "CERTWRIGHT_ACME_EAB_HMAC_KEY",
    "CERTWRIGHT_TSIG_SECRET",
    "CERTWRIGHT_SHARED_PASSPHRASE",
)
BASE64 = b64encode(b"tsig key").decode()
COMMON = {
    "account_key_content": "the account's key",
    "email": "pki@example.org",
    "challenge": {"webroot": "/var/www/acme"},
    "key_origin": "host",
    "staging": False,
}
WEB = {"name": "web", "external_url": "a.example"}
HOME, MEMBER = Members("pki01"), Members("mail1", {})


@pytest.fixture(autouse=True)
def nothing_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in (KEY, EAB, TSIG, SHARED):
        monkeypatch.delenv(variable, raising=False)


def reader_of(*, may_create: bool = True, members: Members = HOME, **more: Any) -> OrderReader:
    said = {"stage_only": False, "is_scheduled": False, **more}
    return OrderReader(Action(), may_create=may_create, members=members, **said)


def task_of(
    *elements: Mapping[str, Any],
    common: Mapping[str, Any] | None = None,
    reader: OrderReader | None = None,
    on_problem: str = SKIP,
) -> OrderTask:
    return read_orders(
        reader or reader_of(), elements, common=COMMON if common is None else common, on_problem=on_problem
    )


def wish_of(reader: OrderReader | None = None, **words: Any) -> Ordered:
    """The one of a task that has nothing wrong."""
    task = task_of({**WEB, **words}, reader=reader)
    assert task.refused == ()
    return task.wishes[0]


def codes_of(task: OrderTask) -> list[tuple[str, str]]:
    return [(problem.certificate, problem.code) for plan in task.refused for problem in plan.problems]


def problems_of(**words: Any) -> list[tuple[str, str]]:
    task = task_of({**WEB, **words})
    assert task.wishes == ()
    return [(problem.code, problem.message) for problem in task.refused[0].problems]


def test_words_of_one_certificate_and_words_for_all_make_an_order() -> None:
    wish = wish_of(
        *(reader_of(stage_only=True, is_scheduled=True),),
        external_url=" https://A.example/ ",
        other_urls=["b.example"],
        services=["nginx"],
        accept=["test_issuer"],
        mode="0640",
        key_type="ec384",
        force=True,
        terms_agreed=None,
    )
    declared, words = wish.declared, wish.words
    assert (wish.name, wish.names) == ("web", ("a.example", "b.example"))
    assert (frozenset({"test_issuer"}), True) == (declared.accepted, declared.stage_only)
    assert (["nginx"], {"0640"}) == (
        [service.name for service in declared.services],
        {file.mode for service in declared.services for file in service.files if file.name == "privkey.pem"},
    )
    assert (words.key_type, words.force, words.is_scheduled, wish.sharing) == ("ec384", True, True, None)
    assert Issuer(LETS_ENCRYPT, "pki@example.org", "", b"the account's key") == words.issuer
    assert [notice.code for notice in declared.notices] == ["name_stripped"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param({"staging": True}, {"directory": LETS_ENCRYPT_STAGING}, id="a test CA"),
        pytest.param({"acme_directory": DIRECTORY}, {"directory": DIRECTORY}, id="another CA"),
        pytest.param({"email": None, "default_domain": "b.example"}, {"contact": "pki@example.org"}, id="for all"),
        pytest.param({"email": "", "default_domain": "b.example"}, {"contact": "no-reply@b.example"}, id="a domain"),
        pytest.param({"terms_agreed": "true"}, {"terms_agreed": "yes"}, id="agreed"),
        pytest.param(
            {"acme_ca_certificates": "~/ca.pem"},
            {"ca_certificates": os.path.expanduser("~/ca.pem")},
            id="whom to trust",
        ),
        pytest.param(
            {"eab_kid": "k", "eab_hmac_key": f" {SECRET}\n"},
            {"eab_kid": "k", "eab_hmac_key": SECRET},
            id="an external account",
        ),
    ],
)
def test_whom_it_is_ordered_from(words: dict[str, Any], expected: dict[str, str]) -> None:
    issuer = wish_of(**words).words.issuer
    assert expected == {word: getattr(issuer, word) for word in expected}


@pytest.mark.parametrize(
    ("challenge", "webroot"),
    [
        pytest.param(None, "/var/www/letsencrypt", id="nowhere said"),
        pytest.param({"type": "http-01"}, "/var/www/letsencrypt", id="how, and not where"),
        pytest.param({"webroot": "/srv/www"}, "/srv/www", id="elsewhere"),
        pytest.param({"port": 80}, "", id="a listener"),
    ],
)
def test_challenges_of_bluemind_are_shown_where_it_shows_them(challenge: dict[str, Any] | None, webroot: str) -> None:
    services = [{"bluemind": {"via": "files", "domain_uid": "global.virt"}}]
    common = {word: value for word, value in COMMON.items() if word != "challenge"}
    (wish,) = task_of({**WEB, "challenge": challenge, "services": services}, common=common).wishes
    assert wish.words.validation.webroot == webroot


def write(directory: Path, name: str, content: str) -> str:
    (directory / name).write_text(content)
    return str(directory / name)


@pytest.mark.parametrize(
    ("given", "variable", "expected"),
    [
        pytest.param({"account_key_src": "file"}, True, "of a file", id="a file, whatever the environment has"),
        pytest.param({"account_key_content": "said"}, True, "said", id="a text, whatever the environment has"),
        pytest.param({"account_key_content": None}, True, "of the environment", id="the environment"),
        pytest.param({"account_key_content": ""}, True, "of the environment", id="the environment for an empty text"),
    ],
)
def test_where_the_account_key_is_from(
    *, given: dict[str, Any], variable: bool, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY, "of the environment")
    path = write(tmp_path, "file", "of a file")
    common = {**COMMON, "account_key_content": None}
    said = {word: path if value == "file" else value for word, value in given.items()}
    (wish,) = task_of({**WEB, **said}, common=common).wishes
    assert expected.encode() == wish.words.issuer.account_key


@pytest.mark.parametrize(
    ("words", "variable", "expected"),
    [
        pytest.param({"eab_hmac_key_src": "file"}, True, "of a file", id="a file"),
        pytest.param({"eab_hmac_key": "said"}, True, "said", id="a text"),
        pytest.param({}, True, "of the environment", id="the environment"),
    ],
)
def test_where_the_key_of_an_external_account_is_from(
    *, words: dict[str, Any], variable: bool, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(EAB, "of the environment")
    path = write(tmp_path, "file", " of a file\n")
    said = {word: path if value == "file" else value for word, value in words.items()}
    assert expected == wish_of(eab_kid="k", **said).words.issuer.eab_hmac_key


def test_the_account_key_is_in_a_file_that_the_environment_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    common = {**COMMON, "account_key_content": None}
    monkeypatch.setenv(f"{KEY}_SRC", write(tmp_path, "file", "of a file"))
    (wish,) = task_of(WEB, common=common).wishes
    assert wish.words.issuer.account_key == b"of a file"

    monkeypatch.setenv(f"{KEY}_SRC", str(tmp_path / "gone"))
    task = task_of(WEB, common=common)
    assert task.wishes == ()
    assert f"{KEY}_SRC" in str(task.refused)


def test_the_environments_key_of_another_ca_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(EAB, SECRET)
    assert wish_of().words.issuer.eab_hmac_key == ""


@pytest.mark.parametrize(
    ("words", "lacking"),
    [
        pytest.param({"eab_kid": "k"}, "eab_hmac_key", id="its name alone"),
        pytest.param({"eab_hmac_key": SECRET}, "eab_kid", id="its key alone"),
    ],
)
def test_half_of_an_external_account_is_refused(words: dict[str, Any], lacking: str) -> None:
    told = problems_of(**words)
    assert told == [("eab_incomplete", f"{lacking} is missing; the CA hands out both together")]


RFC2136 = {"type": "dns-01", "provider": "rfc2136", "server": "192.0.2.53", "tsig_name": "k"}


@pytest.mark.parametrize(
    ("words", "variable", "expected"),
    [
        pytest.param({"tsig_secret_src": "file"}, BASE64, b64encode(b"of a file").decode(), id="a file"),
        pytest.param({"tsig_secret": BASE64}, "x", BASE64, id="a text"),
        pytest.param({}, BASE64, BASE64, id="the environment"),
    ],
)
def test_where_the_secret_of_updates_is_from(
    words: dict[str, Any], variable: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TSIG, variable)
    path = write(tmp_path, "file", b64encode(b"of a file").decode() + "\n")
    said = {word: path if value == "file" else value for word, value in words.items()}
    wish = wish_of(challenge={**RFC2136, **said})
    assert expected == wish.words.validation.words["tsig_secret"]
    assert "tsig_secret_src" not in wish.words.validation.words


@pytest.mark.parametrize(
    "challenge",
    [
        pytest.param({"type": "dns-01", "provider": "hook", "program": "/opt/hook"}, id="a program"),
        pytest.param({"webroot": "/w"}, id="a file"),
    ],
)
def test_the_secret_of_updates_goes_to_nobody_else(challenge: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TSIG, SECRET)
    assert "tsig_secret" not in wish_of(challenge=challenge).words.validation.words


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param({"external_url": None}, ["external_url_missing"], id="no name"),
        pytest.param({"external_url": "  "}, ["external_url_missing"], id="an empty name"),
        pytest.param({"external_url": "a b"}, ["name_invalid"], id="a name that is none"),
        pytest.param({"services": ["ngnix"]}, ["unknown_service"], id="a service that nobody knows"),
        pytest.param(
            {"services": ["ngnix"], "email": "nobody", "challenge": {}},
            ["unknown_service", "contact_missing", "challenge_incomplete"],
            id="words of both kinds",
        ),
        pytest.param({"challenge": {"type": "dns-01"}}, ["challenge_incomplete"], id="a record that nobody can write"),
        pytest.param(
            {"challenge": {"type": "dns-01", "provider": "hook"}, "services": ["ngnix"]},
            ["unknown_service", "challenge_incomplete"],
            id="a program that is not named, and a service",
        ),
        pytest.param({"account_key_src": "/nowhere/key.pem"}, ["file_unreadable"], id="a key that is not there"),
        pytest.param(
            {"account_key_src": "/nowhere/key.pem", "services": ["ngnix"]},
            ["unknown_service", "file_unreadable"],
            id="a key that is not there, and a service",
        ),
        pytest.param({"acme_directory": DIRECTORY, "staging": True}, ["issuer_invalid"], id="two CAs"),
    ],
)
def test_what_is_wrong_with_one_is_told_at_once(words: dict[str, Any], expected: list[str]) -> None:
    assert expected == [code for code, _message in problems_of(**words)]


A, B = ({"name": name, "external_url": f"{name}.example", "services": ["nginx"]} for name in ("a", "b"))
WRONG = {"name": "c", "external_url": "c.example", "services": ["ngnix"]}


@pytest.mark.parametrize(
    ("elements", "wished", "problems"),
    [
        pytest.param([], [], [], id="nothing"),
        pytest.param([A, B], ["a", "b"], [], id="both sound"),
        pytest.param([A, WRONG, B], ["a", "b"], [("c", "unknown_service")], id="one is refused"),
        pytest.param([A, B, A], ["b"], [("a", "name_used_twice")], id="said twice: neither can be meant"),
        pytest.param([A, {**A, "name": "A"}], [], [("a", "name_used_twice")], id="said twice in two spellings"),
        pytest.param([A, A, A], [], [("a", "name_used_twice")] * 2, id="said three times"),
        pytest.param([{**A, "name": "../x"}], [], [("../x", "name_invalid")], id="a name that leads elsewhere"),
    ],
)
def test_each_is_refused_by_itself(
    elements: list[dict[str, Any]], wished: list[str], problems: list[tuple[str, str]]
) -> None:
    task = task_of(*elements)
    assert (wished, problems) == ([wish.name for wish in task.wishes], codes_of(task))


def test_one_problem_refuses_all_where_that_is_asked_for() -> None:
    with pytest.raises(RefusedError) as error:
        task_of(A, WRONG, {"name": "d"}, on_problem=REFUSE_ALL)
    assert [(problem.certificate, problem.code) for problem in error.value.problems] == [
        ("c", "unknown_service"),
        ("d", "external_url_missing"),
    ]
    assert len(task_of(A, B, on_problem=REFUSE_ALL).wishes) == 2


def creating(path: object, **words: Any) -> dict[str, Any]:
    return {**WEB, "account_key_src": str(path), "account_key_create": True, **words}


def key_of(task: OrderTask) -> list[bytes]:
    return [wish.words.issuer.account_key for wish in task.wishes]


def test_an_account_key_is_made_once_and_for_nobody_else_to_read(tmp_path: Path) -> None:
    path = tmp_path / "account.pem"
    first = task_of(creating(path), creating(path, name="other", external_url="b.example"))
    (again,) = key_of(task_of(creating(path)))

    assert [path.read_bytes()] * 3 == [*key_of(first), again]
    assert (0o600, [path]) == (path.stat().st_mode & 0o777, list(tmp_path.iterdir()))
    assert b"PRIVATE KEY" in again


def test_check_mode_makes_one_key_for_all_and_keeps_none(tmp_path: Path) -> None:
    path = tmp_path / "account.pem"
    keys = key_of(
        task_of(
            creating(path), creating(path, name="other", external_url="b.example"), reader=reader_of(may_create=False)
        )
    )
    assert (len(set(keys)), list(tmp_path.iterdir())) == (1, [])


def test_a_key_that_is_there_is_taken_as_it_is(tmp_path: Path) -> None:
    path = write(tmp_path, "account.pem", "what is there")
    assert key_of(task_of(creating(path))) == [b"what is there"]


def test_workers_that_make_the_same_key_at_once_agree(tmp_path: Path) -> None:
    path, together = tmp_path / "account.pem", Barrier(8)

    def make(_number: int) -> bytes:
        reader = reader_of()
        together.wait(10)
        return key_of(task_of(creating(path), reader=reader))[0]

    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(make, range(8)))
    assert {path.read_bytes()} == keys
    assert [path] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("path", "message"),
    [
        pytest.param(
            "account.pem",
            "account_key_create would make account.pem, which is no absolute path; "
            "name it in full, as in {{ inventory_dir }}/acme-account.pem",
            id="a place that is not said in full",
        ),
        pytest.param(
            "/nowhere/account.pem",
            "the account key /nowhere/account.pem cannot be made on the controller: No such file or directory; "
            "choose a path",
            id="a place that is not there",
        ),
    ],
)
def test_a_key_that_cannot_be_made_is_told(path: str, message: str) -> None:
    task = task_of(creating(path))
    assert [("account_key_missing", message)] == [
        (problem.code, problem.message) for plan in task.refused for problem in plan.problems
    ]


def test_a_broken_link_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "account.pem"
    path.symlink_to(tmp_path / "elsewhere.pem")
    task = task_of(creating(path))
    assert (codes_of(task), path.is_symlink()) == ([("web", "file_unreadable")], True)


def test_a_file_is_read_once_however_many_name_it(tmp_path: Path) -> None:
    path = write(tmp_path, "account.pem", "first")
    reader = reader_of()
    first = wish_of(reader, account_key_src=path)
    write(tmp_path, "account.pem", "second")
    assert first.words.issuer == wish_of(reader, account_key_src=path).words.issuer


@pytest.mark.parametrize(
    ("members", "shared", "expected"),
    [
        pytest.param(HOME, None, True, id="its own, while orders are placed"),
        pytest.param(HOME, {"home": "pki01"}, True, id="shared, at its home"),
        pytest.param(Members("mail1"), {"home": "pki01"}, False, id="shared, elsewhere"),
        pytest.param(MEMBER, None, False, id="its own, while shared ones are received"),
        pytest.param(MEMBER, {"home": "pki01"}, True, id="shared, received"),
        pytest.param(Members("pki01", {}), {"home": "pki01"}, True, id="shared, received at its home"),
    ],
)
def test_who_has_something_to_do(members: Members, shared: dict[str, str] | None, expected: bool) -> None:
    reader = reader_of(members=members)
    assert reader.is_meant({**WEB, "shared": shared}) is expected
    assert expected is bool(
        task_of({**WEB, "shared": shared}, common={**COMMON, "shared_passphrase": SECRET}, reader=reader).wishes
    )


@pytest.mark.parametrize(
    ("members", "shared", "expected"),
    [
        pytest.param(HOME, None, set(), id="its own"),
        pytest.param(HOME, {"home": "pki01"}, {"web", "web.shared"}, id="shared, at its home"),
        pytest.param(Members("mail1"), {"home": "pki01"}, {"web", "web.shared"}, id="shared, elsewhere"),
    ],
)
def test_a_shared_one_has_two_names_in_the_store_that_belong_to_it(
    members: Members, shared: dict[str, str] | None, expected: set[str]
) -> None:
    common = {**COMMON, "shared_passphrase": SECRET}
    task = task_of({**WEB, "shared": shared}, common=common, reader=reader_of(members=members))
    assert expected == set(task.others)


def shared_of(members: Members, **words: Any) -> Ordered:
    element = {**WEB, "services": ["nginx"], "key_origin": "host", "shared": {"home": "pki01"}, **words}
    (wish,) = task_of(element, common={**COMMON, "shared_passphrase": SECRET}, reader=reader_of(members=members)).wishes
    return wish


def test_at_home_a_shared_one_is_kept_beside_and_used_by_nobody() -> None:
    wish = shared_of(HOME)
    assert (wish.name, wish.declared_services, wish.words.key_origin) == ("web.shared", (), "controller")
    assert Sharing("pki01", True, Passphrase(SECRET)) == wish.sharing


HANDED = {
    "certificate": "leaf",
    "chain": "more",
    "sealed_key": "sealed",
    "fingerprint": "5d",
    "issuer": DIRECTORY,
    "order": {},
}


@pytest.mark.parametrize(
    ("handed", "expected"),
    [
        pytest.param({}, None, id="nothing"),
        pytest.param({"web": HANDED}, None, id="another one"),
        pytest.param({"web.shared": {}}, None, id="nothing of it"),
        pytest.param({"web.shared": HANDED}, Handed("leaf", "more", "sealed", "5d", DIRECTORY, {}), id="it"),
    ],
)
def test_a_member_gets_what_its_home_handed_out(handed: dict[str, Any], expected: Handed | None) -> None:
    wish = shared_of(Members("mail1", handed))
    assert (wish.name, [service.name for service in wish.declared_services]) == ("web", ["nginx"])
    assert Sharing("pki01", False, Passphrase(SECRET), expected) == wish.sharing


def test_without_a_passphrase_nothing_is_shared() -> None:
    ((code, message),) = problems_of(shared={"home": "pki01"})
    assert code == "passphrase_missing"
    assert message.endswith("pass shared_passphrase, shared_passphrase_src or CERTWRIGHT_SHARED_PASSPHRASE")


def test_no_secret_shows() -> None:
    reader = reader_of(members=Members("mail1", {"web.shared": {**HANDED, "sealed_key": SECRET}}))
    common = {**COMMON, "account_key_content": SECRET, "eab_kid": "k", "eab_hmac_key": SECRET}
    element = {**WEB, "shared": {"home": "pki01"}, "challenge": {**RFC2136, "tsig_secret": BASE64}}
    task = task_of(element, common={**common, "shared_passphrase": SECRET}, reader=reader)
    told = repr(task) + repr(reader) + repr(Members("h", {"x": SECRET}))
    assert (codes_of(task), SECRET in told, BASE64 in told) == ([], False, False)


@pytest.mark.parametrize(("keystore", "expected"), [("server", []), ("both", ["usage_unsuitable"])])
def test_what_is_shown_as_a_client_is_ordered_from_nobody(keystore: str, expected: list[str]) -> None:
    words = {"owner": "js7", "ports": [4443], "passphrase": "an orchard", "keystore": keystore}
    task = task_of({**WEB, "services": [{"js7_agent": words}]})
    assert expected == [problem.code for plan in task.refused for problem in plan.problems]
