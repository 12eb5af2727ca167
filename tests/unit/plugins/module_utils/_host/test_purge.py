# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys that are to be nowhere any more, what is known of them afterwards, and the end of a store."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.module_utils._host.der import find_end, find_serial
from ansible_collections.certwright.tls.plugins.module_utils._host.files import no_label
from ansible_collections.certwright.tls.plugins.module_utils._host.request import FileSpec, Request, Service, Wanted
from ansible_collections.certwright.tls.plugins.module_utils._host.store import live_generation
from ansible_collections.certwright.tls.plugins.module_utils._host.transaction import apply
from ansible_collections.certwright.tls.tests.integration.kill.run_transaction import FaultPoints
from ansible_collections.certwright.tls.tests.unit.plugins.module_utils._host.nginx_server import Supply, supply
from ansible_collections.certwright.tls.tests.unit.plugins.module_utils._host.transaction_host import (
    LIMITS,
    TransactionHost,
)

SYSTEM, OLD, NEW = supply("system", 1), supply("shop", 2), supply("shop", 3)
WORDS = {"when": "now", "run": "job 9", "why": "named"}


class Shop:
    """A host on which `shop` has two generations and a file outside of the store, and `system` the same service."""

    def __init__(self, host: TransactionHost, before: str = "by hand") -> None:
        self.host, self.store = host, host.store
        self.path = host.directory / "tls.pem"
        self.kept = self.path.with_name("tls.pem.before-certwright")
        self.begin(before)

    def begin(self, before: str) -> None:
        self.path.unlink(missing_ok=True)
        self.path.write_text(before, encoding="ascii")
        for material in (OLD, NEW):
            self.install(material)

    def service(self, *, placed: bool = True) -> Service:
        path = str(self.path) if placed else None
        return self.host.service(name="web", files=(FileSpec("tls.pem", ("leaf", "key"), path=path),))

    def install(self, material: Supply) -> None:
        self.host.apply(self.wanted(material))

    def wanted(self, material: Supply, name: str = "shop") -> Wanted:
        made = self.host.wanted(material, self.service(placed=name == "shop"), name=name)
        services = [{"name": item.name, "files": [vars(spec) for spec in item.files]} for item in made.services]
        facts = {"serial": "0a", "not_after": "2999-01-01T00:00:00Z"}
        words = {"issuer": "files", "declared_names": ["shop"], "certificate": facts}
        return replace(made, record={**made.record, **words, "services": services})

    def fall_back(self) -> None:
        self.host.apply(self.wanted(SYSTEM, "system"))
        record = {"fingerprint": "", "services": self.wanted(NEW).record["services"]}
        links = Wanted("shop", services=(self.service(),), follows="system", record=record)
        assert self.host.apply(links)["shop"]["outcome"] == "activated"

    def purge(self, **bury: Any) -> dict[str, Any]:
        return self.host.apply(Wanted("shop", purge=True, bury=bury))["shop"]

    def remove(self, **bury: Any) -> dict[str, Any]:
        wanted = Wanted("shop", services=(self.service(),), remove=True, abandoned=True, bury=bury)
        return self.host.apply(wanted)["shop"]

    def look(self) -> dict[str, Any]:
        asked = Wanted("shop", removing=True, recorded=True, leaves=True)
        return dict(self.host.observe(asked)["certificates"]["shop"])

    @property
    def leaves(self) -> list[tuple[str, int]]:
        return [(leaf["fingerprint"], leaf.get("generation", 0)) for leaf in self.look()["removal"]["leaves"]]

    def holds(self, *materials: Supply) -> list[str]:
        """Files anywhere on the host with one of these keys."""
        keys = [item.material.key for item in materials]
        files = (path for path in self.host.directory.rglob("*") if path.is_file() and not path.is_symlink())
        texts = ((path, path.read_text(encoding="utf-8", errors="replace")) for path in files)
        return sorted(path.name for path, text in texts if any(key in text for key in keys))


@pytest.fixture
def host(tmp_path: Path) -> Iterator[TransactionHost]:
    with TransactionHost(tmp_path) as made:
        yield made


@pytest.fixture
def shop(host: TransactionHost) -> Shop:
    return Shop(host)


def fingerprints(*materials: Supply) -> list[str]:
    return [item.fingerprint for item in materials]


def test_a_purge_leaves_no_earlier_key_and_the_service_what_it_has(shop: Shop) -> None:
    shop.fall_back()
    assert shop.leaves == [(OLD.fingerprint, 1), (NEW.fingerprint, 2)]
    outcome = shop.purge(removed=WORDS)
    assert (outcome["outcome"], outcome["message"]) == ("purged", "")
    assert shop.holds(OLD, NEW) == []
    assert SYSTEM.material.leaf in shop.path.read_text(encoding="ascii")
    assert shop.leaves == [(OLD.fingerprint, 0), (NEW.fingerprint, 0)]
    assert shop.kept.read_text(encoding="ascii") == "by hand"


def test_what_is_known_of_a_removal_is_public_and_enough_to_revoke(shop: Shop) -> None:
    shop.remove(removed=WORDS)
    text = Path(shop.store.tombstone("shop")).read_text(encoding="ascii")
    assert "PRIVATE" not in text
    leaves = json.loads(text)["leaves"]
    words = ("pem", "issuer", "names", "serial", "not_after")
    assert [tuple(leaf[word] for word in words) for leaf in leaves] == [
        (item.material.leaf, "files", ["shop"], *ask_openssl(item.material.leaf)) for item in (OLD, NEW)
    ]
    assert shop.look()["tombstone"] == {"removed": WORDS, "host": False, "compromised": [], "keys": []}


def ask_openssl(certificate: str) -> tuple[str, str]:
    """Serial number and end."""
    command = ["openssl", "x509", "-noout", "-serial", "-enddate"]
    answer = subprocess.run(command, input=certificate, check=True, capture_output=True, text=True, timeout=60).stdout
    said = dict(line.split("=", 1) for line in answer.splitlines())
    end = datetime.fromtimestamp(ssl.cert_time_to_seconds(said["notAfter"]), timezone.utc)
    return f"{int(said['serial'], 16):x}", f"{end:%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.parametrize("days", ["2", "36500"], ids=["a UTCTime", "a GeneralizedTime"])
def test_a_certificate_says_its_number_and_its_end(tmp_path: Path, days: str) -> None:
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command += ["-days", days, "-subj", "/CN=shop", "-keyout", str(tmp_path / "key.pem")]
    text = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    content = ssl.PEM_cert_to_DER_cert(text)
    assert (find_serial(content), find_end(content)) == ask_openssl(text)


def test_what_is_no_certificate_has_neither_number_nor_end() -> None:
    assert (find_serial(b"0"), find_end(b"")) == ("", "")


@pytest.mark.parametrize("file", ["record.json", "manifest.json"])
def test_a_damaged_generation_can_still_be_revoked(shop: Shop, file: str) -> None:
    Path(shop.store.generation("shop", 1), file).write_text("{", encoding="ascii")
    (old, _new) = shop.look()["removal"]["leaves"]
    assert (old["fingerprint"], old["serial"], old["not_after"]) == (OLD.fingerprint, *ask_openssl(OLD.material.leaf))
    assert old["issuer"] == ("" if file == "record.json" else "files")
    shop.remove(removed=WORDS)
    assert [name for name, _number in shop.leaves] == fingerprints(OLD, NEW)


def test_a_damaged_generation_of_links_has_no_certificate_of_its_own(shop: Shop) -> None:
    shop.fall_back()
    number = live_generation(shop.store, "shop")
    assert number is not None
    Path(shop.store.generation("shop", number), "manifest.json").write_text("{", encoding="ascii")
    assert [name for name, _number in shop.leaves] == fingerprints(OLD, NEW)


def test_what_is_stored_again_is_not_removed_any_more(shop: Shop) -> None:
    shop.remove(removed=WORDS, compromised=fingerprints(OLD))
    shop.install(NEW)
    seen = shop.look()["tombstone"]
    assert ("removed" in seen, seen["compromised"], len(seen["keys"])) == (False, fingerprints(OLD), 1)


def test_what_is_let_through_again_is_not_removed_any_more_though_nothing_is_stored(shop: Shop) -> None:
    shop.host.apply(Wanted("shop", activate=False, bury={"removed": WORDS}))
    assert shop.look()["tombstone"]["removed"] == WORDS
    outcome = shop.host.apply(Wanted("shop", activate=False, revive=True))["shop"]
    assert (outcome["outcome"], "removed" in shop.look()["tombstone"]) == ("remembered", False)


def test_what_was_not_said_to_have_leaked_is_forgotten_when_it_ended(shop: Shop) -> None:
    path = Path(shop.store.tombstone("shop"))
    shop.remove(removed=WORDS)
    document = json.loads(path.read_text(encoding="ascii"))
    for leaf in document["leaves"]:
        leaf["not_after"] = "2020-01-01T00:00:00Z"
    path.write_text(json.dumps(document), encoding="ascii")
    shop.install(NEW)
    assert not path.exists()


def test_what_was_revoked_is_noted_once(shop: Shop) -> None:
    shop.remove(removed=WORDS, revoked=fingerprints(OLD))
    shop.host.apply(Wanted("shop", activate=False, bury={"revoked": fingerprints(OLD, NEW)}))
    assert all(leaf["revoked"] for leaf in shop.look()["removal"]["leaves"])


def traditional(material: Supply) -> str:
    """The same key in another spelling."""
    converted = subprocess.run(
        ["openssl", "pkey", "-traditional"], input=material.material.key, capture_output=True, text=True, check=True
    )
    return converted.stdout


@pytest.mark.parametrize(
    ("before", "is_there", "is_kept", "words"),
    [
        pytest.param(lambda: OLD.material.key, False, False, "Deleted", id="the key"),
        pytest.param(lambda: traditional(OLD), False, False, "Deleted", id="the key in another spelling"),
        pytest.param(lambda: OLD.material.leaf, False, False, "Deleted", id="a certificate for it"),
        pytest.param(lambda: SYSTEM.material.key, True, False, "Put back", id="another key"),
        pytest.param(lambda: SYSTEM.material.leaf, True, False, "Put back", id="another certificate"),
        pytest.param(lambda: "no PEM at all", False, True, "Not put back", id="what nobody can tell"),
        pytest.param(
            lambda: "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n",
            False,
            True,
            "Not put back",
            id="an encrypted key",
        ),
        pytest.param(
            lambda: "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n",
            False,
            True,
            "Not put back",
            id="a damaged key",
        ),
    ],
)
def test_a_key_that_leaked_is_not_put_back(
    host: TransactionHost, before: Any, is_there: bool, is_kept: bool, words: str
) -> None:
    shop = Shop(host, before())
    outcome = shop.remove(removed=WORDS, compromised=fingerprints(OLD, NEW))
    assert outcome["message"].startswith(words)
    assert (os.path.lexists(shop.path), shop.kept.exists()) == (is_there, is_kept)
    assert shop.holds(OLD, NEW) == []


def test_a_purge_deletes_what_stood_there_before_with_the_same_key(host: TransactionHost) -> None:
    shop = Shop(host, OLD.material.leaf + OLD.material.key)
    shop.fall_back()
    outcome = shop.purge(removed=WORDS, compromised=fingerprints(OLD, NEW))
    assert outcome["message"] == f"Deleted what had stood there before and held the compromised key: {shop.kept}"
    assert shop.holds(OLD, NEW) == []
    assert SYSTEM.material.leaf in shop.path.read_text(encoding="ascii")


def test_a_damaged_tombstone_refuses_what_would_lose_it_and_hides_nothing(shop: Shop) -> None:
    os.mkdir(shop.store.removed_directory)
    Path(shop.store.tombstone("shop")).write_text("{", encoding="ascii")
    assert "tombstone" not in shop.host.observe(Wanted("shop"))["certificates"]["shop"]
    outcome = shop.remove(removed=WORDS)
    assert (outcome["outcome"], "is damaged" in outcome["message"]) == ("refused", True)
    assert shop.holds(NEW) != []


def run_and_die(shop: Shop, wanted: Wanted, point: int, **words: Any) -> int:
    """In a process of its own, killed before that operation; how many there were when it came to its end, else 0."""
    request = Request("apply", shop.host.look(wanted) if wanted.name else (), limits=LIMITS, **words)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        faults = FaultPoints(point, "before")
        faults.wrap_all()
        apply(shop.store, request, label=no_label)
        os.write(writer, str(len(faults.seen)).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as told:
        count = told.read()
    os.waitpid(child, 0)
    return int(count or 0)


def test_a_kill_before_any_operation_of_a_purge_leaves_it_to_be_finished(host: TransactionHost) -> None:
    """The service has its files at any time, and what is to be revoked stays known."""
    shop, words = Shop(host, OLD.material.key), {"removed": WORDS, "compromised": fingerprints(OLD, NEW)}
    wanted = Wanted("shop", purge=True, bury=words)
    for point in range(1, 200):
        shop.begin(OLD.material.key)
        shop.fall_back()
        ended = run_and_die(shop, wanted, point)
        assert SYSTEM.material.leaf in shop.path.read_text(encoding="ascii")
        assert {name for name, _number in shop.leaves} == set(fingerprints(OLD, NEW))
        shop.purge(**words)
        assert shop.holds(OLD, NEW) == []
        assert SYSTEM.material.leaf in shop.path.read_text(encoding="ascii")
        if ended:
            break
        host.apply(Wanted("shop", remove=True, abandoned=True))
    assert ended > 10


def test_a_service_that_is_stopped_uses_nothing(host: TransactionHost) -> None:
    host.name_in_nginx("shop")
    named = host.nginx_service()
    made = host.wanted(OLD, named, name="shop")
    words = {"name": "nginx", "references": list(named.references), "pid_file": named.pid_file}
    record = {**made.record, "services": [{**words, "files": [vars(spec) for spec in named.files]}]}
    host.apply(replace(made, record=record))
    asked = Wanted("shop", removing=True, recorded=True)
    named_by = [
        bool(host.observe(replace(asked, idle=idle))["certificates"]["shop"]["removal"]["named"])
        for idle in (False, True)
    ]
    assert named_by == [True, False]
    host.nginx.start()
    assert host.observe(replace(asked, idle=True))["certificates"]["shop"]["removal"]["named"]


def dissolve(host: TransactionHost) -> dict[str, Any]:
    return dict(apply(host.store, Request("apply", (), limits=LIMITS, dissolve=WORDS), label=no_label))


def test_a_store_ends_with_its_last_certificate_and_a_word_beside_it(shop: Shop) -> None:
    refused = dissolve(shop.host)
    assert (refused["dissolved"], refused["left"]) == (False, [shop.store.home("shop")])
    shop.remove(removed=WORDS, compromised=fingerprints(OLD, NEW))
    notes = Path(shop.store.path, "notes.txt")
    notes.write_text("somebody else's", encoding="ascii")
    kept = dissolve(shop.host)
    assert (kept["dissolved"], str(notes) in kept["left"]) == (False, True)
    notes.unlink()
    assert dissolve(shop.host) == {"changed_underneath": False, "outcomes": [], "dissolved": True, "left": []}
    assert not os.path.lexists(shop.store.path)
    seen = shop.host.observe(Wanted("shop"), everything=False)["certificates"]["shop"]["tombstone"]
    assert (seen["removed"], seen["host"], len(seen["keys"])) == (WORDS, True, 2)
    shop.install(supply("shop", 4))
    assert "removed" not in shop.look()["tombstone"]


def test_everything_is_asked_for_with_what_is_buried(shop: Shop) -> None:
    seen = shop.host.observe(everything=True, leaving=True)
    assert (list(seen["certificates"]), seen["exists"]) == (["shop"], True)
    shop.remove(removed=WORDS)
    assert list(shop.host.observe(everything=True, leaving=True)["certificates"]) == ["shop"]
    assert list(shop.host.observe(everything=True)["certificates"]) == []


def test_a_kill_before_any_operation_of_the_end_of_a_store_leaves_it_to_be_finished(shop: Shop) -> None:
    for point in range(1, 100):
        shop.begin("by hand")
        shop.remove(removed=WORDS)
        ended = run_and_die(shop, Wanted(""), point, dissolve=WORDS)
        dissolve(shop.host)
        assert not os.path.lexists(shop.store.path)
        assert Path(shop.store.decommissioned).is_file()
        if ended:
            break
    assert ended > 5
