# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the controller's libraries made, read back on a host; here, since a host's Python has none of them."""

from __future__ import annotations

import base64
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

from ansible_collections.certwright.tls.plugins.module_utils._host import trust_places
from ansible_collections.certwright.tls.plugins.module_utils._host.files import no_label
from ansible_collections.certwright.tls.plugins.module_utils._host.read_back import find_read_back_faults
from ansible_collections.certwright.tls.plugins.module_utils._host.request import (
    FileSpec,
    Material,
    Service,
    Setting,
    Wanted,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.staging import stage_all
from ansible_collections.certwright.tls.plugins.module_utils._host.store import (
    Store,
    complete_generations,
    create_store,
)
from ansible_collections.certwright.tls.tests.unit.authority import Issued, ca

PASSPHRASE = "an orchard"
KEYSTORE = FileSpec("https-keystore.p12", ("key", "leaf", "chain"), format="pkcs12", alias="a1")
TRUSTSTORE = FileSpec("https-truststore.p12", ("trust",), format="truststore")
SERVICE = Service("js7_agent", files=(KEYSTORE, TRUSTSTORE), read_back=True)
PROGRAMS = ["keytool", "openssl"]
with_truststores = pytest.mark.skipif(
    not hasattr(pkcs12, "serialize_java_truststore"), reason="cryptography 45 or newer is not there"
)


@pytest.fixture(params=PROGRAMS)
def program(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """A host with one of the programs only."""
    found = shutil.which(request.param)
    if found is None:
        pytest.skip(f"There is no {request.param} here; install it")
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / request.param).symlink_to(found)
    use_programs(monkeypatch, programs)
    return str(request.param)


def use_programs(monkeypatch: pytest.MonkeyPatch, directory: Path) -> None:
    monkeypatch.setenv("PATH", str(directory))
    monkeypatch.setattr(trust_places, "_PATHS", ())


class Staged:
    """A directory as staging leaves it."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.issued = directory, ca().issue("a1.example")
        self.settings = directory / "private.conf"
        self.put_keystore(self.issued)

    def put_keystore(self, issued: Issued, *, alias: str = "a1", passphrase: str = PASSPHRASE) -> None:
        content = pkcs12.serialize_key_and_certificates(
            alias.encode(), issued.key, issued.certificate, None, BestAvailableEncryption(passphrase.encode())
        )
        (self.directory / KEYSTORE.name).write_bytes(content)

    def put_truststore(self, count: int) -> None:
        roots = [pkcs12.PKCS12Certificate(ca(f"Root {number}").certificate, b"%d" % number) for number in range(count)]
        content = pkcs12.serialize_java_truststore(roots, BestAvailableEncryption(PASSPHRASE.encode()))
        (self.directory / TRUSTSTORE.name).write_bytes(content)

    def find_faults(self, service: Service, *, entries: int = 1) -> list[str]:
        told = {"passphrase": PASSPHRASE, "entries": "1"}
        keystores = {
            f"js7_agent/{KEYSTORE.name}": told,
            f"js7_agent/{TRUSTSTORE.name}": {**told, "entries": str(entries)},
        }
        material = Material(self.issued.pem.decode(), "", "", "", keystores=keystores)
        return list(find_read_back_faults(service, str(self.directory), material, certificate="web"))

    def find_keystore_faults(self) -> list[str]:
        return self.find_faults(replace(SERVICE, files=(KEYSTORE,)))


@pytest.fixture
def staged(tmp_path: Path) -> Staged:
    return Staged(tmp_path)


@with_truststores
@pytest.mark.usefixtures("program")
def test_what_holds_what_it_should_is_sound(staged: Staged) -> None:
    staged.put_truststore(2)
    assert staged.find_faults(SERVICE, entries=2) == []


@with_truststores
@pytest.mark.usefixtures("program")
def test_what_java_would_not_find_is_missed(staged: Staged) -> None:
    """A store that openssl makes without a key is empty for Java."""
    staged.put_truststore(1)
    assert staged.find_faults(SERVICE, entries=2) == ["https-truststore.p12 shows 1 trusted certificates instead of 2"]


@pytest.mark.usefixtures("program")
def test_an_entry_of_another_name_or_certificate_is_none(staged: Staged) -> None:
    fact = "https-keystore.p12 shows no entry `a1` with the private key and the new certificate"
    staged.put_keystore(staged.issued, alias="a2")
    assert staged.find_keystore_faults() == [fact]
    staged.put_keystore(ca().issue("a1.example"))
    assert staged.find_keystore_faults() == [fact]


@pytest.mark.usefixtures("program")
def test_what_does_not_open_is_named_without_its_passphrase(staged: Staged) -> None:
    staged.put_keystore(staged.issued, passphrase="another orchard")
    (fault,) = staged.find_keystore_faults()
    assert fault.startswith("https-keystore.p12 cannot be read back: ")
    assert "orchard" not in fault


def test_a_host_that_cannot_look_says_so(staged: Staged, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    use_programs(monkeypatch, tmp_path / "nothing")
    assert staged.find_keystore_faults() == [
        "Neither keytool nor openssl is on this host to read https-keystore.p12 back with; install one of them"
    ]
    named = replace(SERVICE, files=(KEYSTORE,), keytool="/opt/java/bin/keytool")
    assert staged.find_faults(named) == [
        "The program /opt/java/bin/keytool is not on this host; say `keytool` of the Java that the product runs with"
    ]


@pytest.mark.parametrize(
    ("text", "is_other"),
    [
        pytest.param('store-password="an orchard"', False, id="the same"),
        pytest.param('store-password="jobscheduler"', True, id="another"),
        pytest.param('# store-password="jobscheduler"', False, id="a comment"),
        pytest.param('store-password="${PASSWORD}"', False, id="said elsewhere"),
        pytest.param('store-password="OBF:1vn2"', False, id="disguised"),
        pytest.param('store-password="jobscheduler"\nstore-password="an orchard"', False, id="in one of two places"),
        pytest.param("", False, id="nowhere"),
    ],
)
def test_a_passphrase_that_the_settings_do_not_have_is_refused(staged: Staged, text: str, is_other: bool) -> None:
    staged.settings.write_text(f"{text}\n", encoding="ascii")
    setting = Setting(KEYSTORE.name, str(staged.settings), r'store-password="([^"]*)"')
    elsewhere = Setting(TRUSTSTORE.name, "/nowhere", "(.*)")
    service = replace(SERVICE, files=(KEYSTORE,), settings=(setting, elsewhere))
    fact = f"{staged.settings} has another passphrase for https-keystore.p12 than was given"
    fault = f"{fact}, and it could not be opened; say the same one in both places"
    assert staged.find_faults(service) == ([fault] if is_other else [])


def test_only_what_is_to_be_read_back_is(staged: Staged) -> None:
    (staged.directory / KEYSTORE.name).unlink()
    assert staged.find_faults(replace(SERVICE, read_back=False)) == []
    material = Material("", "", "", "", keystores={})
    assert list(find_read_back_faults(SERVICE, str(staged.directory), material, certificate="web")) == []


def test_what_could_not_be_opened_is_stored_nowhere(staged: Staged, tmp_path: Path) -> None:
    staged.settings.write_text('store-password="jobscheduler"', encoding="ascii")
    setting = Setting(KEYSTORE.name, str(staged.settings), r'store-password="([^"]*)"')
    content = base64.b64encode((staged.directory / KEYSTORE.name).read_bytes()).decode()
    told = {"content": content, "passphrase": PASSPHRASE, "entries": "1"}
    leaf, key = staged.issued.pem.decode(), staged.issued.key_pem.decode()
    material = Material(leaf, "", "", key, keystores={f"js7_agent/{KEYSTORE.name}": told})
    service = replace(SERVICE, files=(KEYSTORE,), settings=(setting,))
    wanted = Wanted("web", services=(service,), material=material, record={"fingerprint": "", "services": []})
    store = Store(str(tmp_path / "store"))
    create_store(store)

    stored, refused = stage_all(store, [wanted], label=no_label)
    assert (stored, complete_generations(store, "web")) == ({}, ())
    assert "has another passphrase for https-keystore.p12" in refused["web"].message
    assert (refused["web"].outcome, "orchard" in refused["web"].message) == ("refused", False)

    staged.settings.unlink()
    assert stage_all(store, [wanted], label=no_label) == ({"web": 1}, {})
