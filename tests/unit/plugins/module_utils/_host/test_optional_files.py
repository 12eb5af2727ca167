# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that a service does without, configurations that are made of them, and products with a command of their own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.module_utils._host import product_command
from ansible_collections.certwright.tls.plugins.module_utils._host.files import no_label
from ansible_collections.certwright.tls.plugins.module_utils._host.journal import Attempt, read_journal
from ansible_collections.certwright.tls.plugins.module_utils._host.product_command import hand_over
from ansible_collections.certwright.tls.plugins.module_utils._host.request import FileSpec, Service, Wanted
from ansible_collections.certwright.tls.plugins.module_utils._host.services import prepare_service
from ansible_collections.certwright.tls.tests.unit.plugins.module_utils._host.nginx_server import supply
from ansible_collections.certwright.tls.tests.unit.plugins.module_utils._host.transaction_host import (
    LIMITS,
    TransactionHost,
)

SYSTEM, OWN, NEW = supply("system", 1), supply("site", 1), supply("site", 2)
PARTS = ("leaf", "key", "chain")


class Product:
    """It reads `own.pem` where that is there when its configuration is made, else `system.pem`."""

    def __init__(self, host: TransactionHost) -> None:
        self.host = host
        self.own, self.system, self.config = (host.directory / name for name in ("d/own.pem", "system.pem", "config"))
        self.system.write_text(SYSTEM.material.leaf + SYSTEM.material.key, encoding="ascii")
        self.make = host.script(
            "make", f"[ -e {self.own} ] && echo {self.own} >{self.config} || echo none >{self.config}"
        )

    def service(self, **words: Any) -> Service:
        spec = FileSpec("own.pem", PARTS, path=str(self.own), fallback=str(self.system), make_directory=True)
        given = {"prepare": (self.make,), "reload": self.host.script("reload")}
        return Service("bm", (spec,), references=("cat", str(self.config)), **{**given, **words})

    def leave(self, service: Service, **words: Any) -> Wanted:
        record = {"fingerprint": "", "services": []}
        return Wanted("site", services=(service,), record=record, follows="system", **words)

    @property
    def named(self) -> str:
        return self.config.read_text(encoding="ascii").strip()


@pytest.fixture
def host(tmp_path: Path) -> Iterator[TransactionHost]:
    with TransactionHost(tmp_path) as made:
        yield made


@pytest.fixture
def product(host: TransactionHost) -> Product:
    return Product(host)


def test_the_configuration_is_made_of_the_files_that_are_there(host: TransactionHost, product: Product) -> None:
    check = host.script("check", f"grep -q own {product.config} || [ ! -e {product.config} ]")
    host.install(OWN, product.service(check=check))
    assert product.named == str(product.own)
    assert product.own.read_text(encoding="ascii") == OWN.material.leaf + OWN.material.key + OWN.material.chain
    assert (host.calls("make"), host.calls("reload"), product.own.parent.stat().st_mode & 0o777) == (1, 1, 0o755)


def test_a_configuration_that_cannot_be_made_is_not_reloaded(host: TransactionHost, product: Product) -> None:
    broken = product.service(prepare=(host.script("broken", f"[ ! -e {product.own} ]"),))
    outcome = host.apply(host.wanted(OWN, broken))["site"]
    assert (outcome["outcome"], outcome["step"]) == ("rolled_back", "check")
    assert (product.own.exists(), host.calls("reload"), host.calls("broken")) == (False, 0, 2)


def test_a_put_back_makes_it_of_what_was_there_before(host: TransactionHost, product: Product) -> None:
    outcome = host.apply(
        host.wanted(OWN, product.service(check=host.script("check", f"! grep -q own {product.config}")))
    )
    assert (outcome["site"]["outcome"], product.named) == ("rolled_back", "none")


def test_what_a_service_does_without_goes_in_one_run(host: TransactionHost, product: Product) -> None:
    host.install(OWN, product.service())
    outcome = host.apply(product.leave(product.service()))["site"]
    assert (outcome["outcome"], outcome["message"]) == ("removed", "")
    assert (product.named, os.path.lexists(product.own), host.calls("reload")) == ("none", False, 2)
    assert not os.path.exists(host.store.home("site"))
    assert not os.path.lexists(host.store.live("site"))


def test_it_comes_back_when_its_service_refuses_to_do_without(host: TransactionHost, product: Product) -> None:
    host.install(OWN, product.service())
    service = product.service(check=host.script("check", f"grep -q own {product.config}"))
    outcome = host.apply(product.leave(service))["site"]
    assert (outcome["outcome"], outcome["step"]) == ("rolled_back", "check")
    assert (product.named, product.own.resolve().parent.name) == (str(product.own), "bm")
    assert host.live_leaf() == OWN.material.leaf


def test_what_somebody_else_put_there_meanwhile_stays(host: TransactionHost, product: Product) -> None:
    host.install(OWN, product.service())
    product.own.unlink()
    product.own.write_text("theirs", encoding="ascii")
    assert host.apply(product.leave(product.service()))["site"]["outcome"] == "removed"
    assert product.own.read_text(encoding="ascii") == "theirs"


def test_nothing_goes_where_there_is_nothing_to_read_instead(host: TransactionHost, product: Product) -> None:
    host.install(OWN, product.service())
    product.system.unlink()
    outcome = host.apply(product.leave(product.service()))["site"]
    assert outcome["outcome"] == "refused"
    assert f"has no {product.system}" in outcome["message"]
    assert product.own.exists()


def test_an_interrupted_removal_is_carried_to_its_end(host: TransactionHost, product: Product) -> None:
    host.install(OWN, product.service())
    stop = host.script("stop", f"[ -e {product.own} ] || kill -9 $PPID")
    pid = os.fork()
    if pid == 0:
        host.apply(product.leave(product.service(prepare=(stop,))))
        os._exit(1)
    assert os.waitpid(pid, 0)[1] == 9
    journal = read_journal(host.store)
    assert journal is not None
    assert (journal.attempts[0].leaves, os.path.lexists(product.own)) == (True, False)

    host.script("stop")
    answer = host.send(*host.look(product.leave(product.service())))
    assert [(item["certificate"], item["outcome"]) for item in answer["outcomes"]] == [("site", "removed")]
    assert not os.path.exists(host.store.home("site"))


@pytest.mark.parametrize(
    ("there", "called"),
    [(("first", "second"), "first"), (("second",), "second"), ((), "")],
    ids=["the first", "the one that is there", "none"],
)
def test_the_first_way_that_a_host_has_is_taken(tmp_path: Path, there: tuple[str, ...], called: str) -> None:
    for name in there:
        (tmp_path / name).write_text(f'#!/bin/sh\necho "$0" "$1" >{tmp_path}/called\n', encoding="ascii")
        (tmp_path / name).chmod(0o755)
    ways = tuple((str(tmp_path / name), "now") for name in ("first", "second"))
    assert prepare_service(Service("s", prepare=ways), LIMITS).ok
    told = (tmp_path / "called").read_text(encoding="ascii") if there else ""
    assert told == (f"{tmp_path}/{called} now\n" if called else "")


def test_what_it_makes_is_for_others_to_read(tmp_path: Path) -> None:
    """As by the administrator's own hand, while everything of ours is written for its owner alone."""
    before = os.umask(0o077)
    try:
        assert prepare_service(Service("s", prepare=(("touch", str(tmp_path / "made")),)), LIMITS).ok
    finally:
        os.umask(before)
    assert (tmp_path / "made").stat().st_mode & 0o777 == 0o644


def test_a_way_that_was_said_has_to_be_there() -> None:
    assert prepare_service(Service("s", prepare=(("/nowhere/make",),)), LIMITS).code == 127


class Commanded:
    """A product that takes its files by a command, into a file of its own."""

    def __init__(self, host: TransactionHost) -> None:
        self.host, self.file = host, host.directory / "product.pem"
        self.file.write_text(SYSTEM.material.leaf + SYSTEM.material.key + SYSTEM.material.chain, encoding="ascii")

    def service(self, **words: Any) -> Service:
        """Its command ends with an error after it took a certificate of `site`, as long as `fails` is there."""
        fails = self.host.directory / "fails"
        take = (
            "set -e",
            f'cat "$1/cert.pem" "$1/key.pem" "$1/ca.pem" >{self.file}',
            f"rm {fails} 2>&- && exit 1 || true",
        )
        specs = (FileSpec("cert.pem", ("leaf",)), FileSpec("key.pem", ("key",)), FileSpec("ca.pem", ("chain", "root")))
        reload = (*self.host.script("take", *take), "{directory}")
        given = {
            "files": specs,
            "method": "command",
            "reload": reload,
            "product_file": str(self.file),
            "unit": "x.service",
        }
        return Service("bm", **{**given, **words})

    def fail_once(self) -> None:
        (self.host.directory / "fails").touch()

    def has(self, certificate: Any) -> bool:
        """Leaf, key and the CA certificates, in the order of its command."""
        material = certificate.material
        return self.file.read_text(encoding="ascii") == material.leaf + material.key + material.chain + material.root


@pytest.fixture
def commanded(host: TransactionHost) -> Commanded:
    return Commanded(host)


def test_a_product_is_told_where_the_files_are(host: TransactionHost, commanded: Commanded) -> None:
    commanded.file.chmod(0o644)
    missing = str(host.directory / "missing.pem")
    host.install(OWN, commanded.service(private_files=(str(commanded.file), missing)))
    assert (commanded.has(OWN), commanded.file.stat().st_mode & 0o777) == (True, 0o640)


def test_a_product_gets_back_what_it_had_of_its_own(host: TransactionHost, commanded: Commanded) -> None:
    before = commanded.file.read_text(encoding="ascii")
    commanded.fail_once()
    outcome = host.apply(host.wanted(OWN, commanded.service()))["site"]
    assert (outcome["outcome"], outcome["step"], host.calls("take")) == ("rolled_back", "reload", 2)
    assert commanded.file.read_text(encoding="ascii") == before
    assert not os.path.exists(host.store.generation("site", 0))


def test_a_product_gets_back_the_earlier_generation(host: TransactionHost, commanded: Commanded) -> None:
    host.install(OWN, commanded.service())
    commanded.fail_once()
    outcome = host.apply(host.wanted(NEW, commanded.service()))["site"]
    assert outcome["outcome"] == "rolled_back"
    assert commanded.has(OWN)


def as_files(host: TransactionHost, commanded: Commanded) -> Service:
    """The same product by a file, as it was declared before."""
    spec = FileSpec("product.pem", PARTS, path=str(commanded.file))
    return host.service(name="bm", files=(spec,))


def test_a_change_from_a_file_to_a_command_can_be_put_back(host: TransactionHost, commanded: Commanded) -> None:
    commanded.file.unlink()
    host.install(OWN, as_files(host, commanded))
    stored = host.live("bm/product.pem").resolve()
    before = stored.read_bytes()
    commanded.fail_once()
    outcome = host.apply(host.wanted(NEW, commanded.service()))["site"]
    assert (outcome["outcome"], host.calls("take")) == ("rolled_back", 2)
    assert "could not" not in outcome["message"].partition("\n")[2]
    assert (commanded.file.read_bytes(), commanded.file.is_symlink()) == (before, False)
    assert stored.read_bytes() == before


def test_a_product_does_not_write_through_an_old_link(host: TransactionHost, commanded: Commanded) -> None:
    commanded.file.unlink()
    host.install(OWN, as_files(host, commanded))
    host.install(NEW, commanded.service())
    assert commanded.has(NEW)
    assert not commanded.file.is_symlink()
    assert not host.live("bm/product.pem").exists()


@pytest.mark.parametrize("text", ["", OWN.material.leaf], ids=["nothing", "a certificate without its key"])
def test_a_product_that_had_nothing_gets_nothing_back(host: TransactionHost, commanded: Commanded, text: str) -> None:
    commanded.file.write_text(text, encoding="ascii")
    commanded.fail_once()
    outcome = host.apply(host.wanted(NEW, commanded.service()))["site"]
    assert (outcome["outcome"], host.calls("take")) == ("rolled_back", 1)
    assert "bm had no certificate with a key before that could be kept" in outcome["message"]


def test_what_was_kept_is_kept_once(host: TransactionHost, commanded: Commanded) -> None:
    """A run that was killed after the command finds our own files with the product."""
    service, before = commanded.service(), commanded.file.read_bytes()
    attempt = Attempt("site", None, 1, (service,), (), put_back=True, answered={})
    Path(host.store.home("site")).mkdir(parents=True)
    for text in (before, OWN.material.leaf.encode() + OWN.material.key.encode()):
        commanded.file.write_bytes(text)
        hand_over(host.store, service, [attempt], limits=LIMITS, label=no_label)
    kept = Path(host.store.generation("site", 0), "bm.kept")
    assert (kept / "cert.pem").read_text(encoding="ascii") == SYSTEM.material.leaf


def test_files_that_cannot_be_hidden_are_put_back(
    host: TransactionHost, commanded: Commanded, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_mode = os.chmod

    def refuse(path: str, mode: int, **options: object) -> None:
        """Of the product's file only: what runs a command has files of its own."""
        if str(path) == str(commanded.file):
            raise PermissionError(1, "Operation not permitted", path)
        change_mode(path, mode, **options)  # type: ignore[arg-type]

    before = commanded.file.read_text(encoding="ascii")
    monkeypatch.setattr(product_command.os, "chmod", refuse)
    wanted = host.wanted(OWN, commanded.service(private_files=(str(commanded.file),)))
    outcome = host.apply(wanted)["site"]
    assert (outcome["outcome"], outcome["step"]) == ("rolled_back", "reload")
    assert "could not be hidden from everybody" in outcome["message"]
    assert commanded.file.read_text(encoding="ascii") == before
    assert read_journal(host.store) is None


def test_its_own_file_is_looked_at_and_never_lacking(host: TransactionHost, commanded: Commanded) -> None:
    wanted = host.wanted(OWN, commanded.service())
    (path,) = host.observe(wanted, probe=False)["certificates"]["site"]["paths"]
    assert (path["path"], path["state"]) == (str(commanded.file), "product")
    assert path["certificate"].strip() == SYSTEM.material.leaf.strip()
    nowhere = replace(commanded.service(), product_file=str(host.directory / "nowhere"))
    assert host.observe(host.wanted(OWN, nowhere), probe=False)["certificates"]["site"]["paths"] == []
