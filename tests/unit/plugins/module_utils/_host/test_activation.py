# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.module_utils._host.files import HostError, no_label
from ansible_collections.certwright.tls.plugins.module_utils._host.journal import Attempt, Journal, write_journal
from ansible_collections.certwright.tls.plugins.module_utils._host.placements import plan_placements
from ansible_collections.certwright.tls.plugins.module_utils._host.request import FileSpec, Service
from ansible_collections.certwright.tls.plugins.module_utils._host.store import (
    complete_generations,
    live_generation,
    point_live,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.switching import switch
from ansible_collections.certwright.tls.tests.unit.plugins.module_utils._host.nginx_server import supply
from ansible_collections.certwright.tls.tests.unit.plugins.module_utils._host.transaction_host import (
    FILES,
    TransactionHost,
)

OLD, NEW = supply("site", 1), supply("site", 2)


@pytest.fixture
def host(tmp_path: Path) -> Iterator[TransactionHost]:
    with TransactionHost(tmp_path) as made:
        made.install(OLD, made.service())
        yield made


def interrupt(host: TransactionHost, service: Service, **words: Any) -> Attempt:
    """A run that stored the second generation, wrote its journal and was killed."""
    host.apply(host.wanted(NEW, service, activate=False))
    made = Attempt(
        certificate="site",
        previous=1,
        generation=2,
        services=(service,),
        placements=plan_placements(host.store, "site", (service,)),
        put_back=True,
        answered={},
    )
    attempt = replace(made, **words)
    write_journal(host.store, Journal("killed", "2026-11-21T22:00:00Z", (attempt,)))
    return attempt


def recover(host: TransactionHost, service: Service) -> dict[str, Any]:
    """What the next run does with the journal; it then looks again."""
    answer = host.send(*host.look(host.wanted(NEW, service)))
    assert answer["changed_underneath"]
    (outcome,) = answer["outcomes"]
    assert not os.path.exists(host.store.journal)
    return dict(outcome)


@pytest.mark.parametrize("switched", [False, True])
def test_an_interrupted_run_whose_set_is_complete_goes_forward(host: TransactionHost, switched: bool) -> None:
    service = host.service(check=host.script("check"), reload=host.script("reload"))
    interrupt(host, service)
    if switched:
        point_live(host.store, "site", 2)
    assert host.observe()["journal"] == {
        "run": "killed",
        "started": "2026-11-21T22:00:00Z",
        "certificates": ["site"],
    }
    assert recover(host, service)["outcome"] == "activated"
    assert (host.live_leaf(), host.calls("reload")) == (NEW.material.leaf, 1)


def test_an_interrupted_run_that_the_service_refuses_is_put_back(host: TransactionHost) -> None:
    service = host.service(check=host.script("check", f"! {host.sees(NEW)}"))
    interrupt(host, service)
    outcome = recover(host, service)
    assert (outcome["outcome"], outcome["step"], live_generation(host.store, "site")) == ("rolled_back", "check", 1)


def test_an_interrupted_put_back_is_finished_and_not_carried_forward(host: TransactionHost) -> None:
    service = host.service(reload=host.script("reload"))
    interrupt(host, service, failure="it was refused")
    point_live(host.store, "site", 2)
    outcome = recover(host, service)
    assert (outcome["outcome"], outcome["step"]) == ("rolled_back", "recover")
    assert "it was refused" in outcome["message"]
    assert (host.live_leaf(), host.calls("reload")) == (OLD.material.leaf, 1)


def test_an_interrupted_run_whose_generation_is_incomplete_is_put_back(host: TransactionHost) -> None:
    interrupt(host, host.service())
    point_live(host.store, "site", 2)
    Path(host.store.generation("site", 2), "privkey.pem").unlink()
    outcome = recover(host, host.service())
    assert outcome["outcome"] == "rolled_back"
    assert "not complete" in outcome["message"]
    assert host.live_leaf() == OLD.material.leaf


def test_a_live_link_that_leads_elsewhere_is_left_alone_and_named(host: TransactionHost) -> None:
    interrupt(host, host.service())
    os.unlink(host.store.live("site"))
    os.symlink("/somewhere/else", host.store.live("site"))
    outcome = recover(host, host.service())
    assert (outcome["outcome"], outcome["step"]) == ("left_alone", "recover")
    assert os.readlink(host.store.live("site")) == "/somewhere/else"


def test_a_live_link_that_leads_elsewhere_is_left_alone_when_there_was_none_before(host: TransactionHost) -> None:
    interrupt(host, host.service(), previous=None)
    os.unlink(host.store.live("site"))
    os.symlink("/somewhere/else", host.store.live("site"))
    assert recover(host, host.service())["outcome"] == "left_alone"
    assert os.readlink(host.store.live("site")) == "/somewhere/else"


def test_a_damaged_journal_is_named_and_stops_everything(host: TransactionHost) -> None:
    Path(host.store.journal).write_text("{", encoding="ascii")
    with pytest.raises(HostError, match=r"journal.json is damaged; look at it, move it away and run again"):
        host.send(host.wanted(NEW, host.service()))


# Foreign paths, through whole transactions


def foreign(path: Path, **words: Any) -> tuple[FileSpec, ...]:
    return (*FILES, FileSpec("site.pem", ("leaf", "chain", "key"), path=str(path), **words))


@pytest.mark.parametrize("in_place", [False, True], ids=["link", "in place"])
@pytest.mark.parametrize("stood", [False, True], ids=["nothing stood there", "a file stood there"])
def test_a_rollback_restores_a_foreign_path(host: TransactionHost, in_place: bool, stood: bool) -> None:
    path = host.directory / "site.pem"
    if stood:
        path.write_text("foreign", encoding="ascii")
    service = host.service(files=foreign(path, in_place=in_place), reload=host.script("reload", f"! {host.sees(NEW)}"))
    outcome = host.apply(host.wanted(NEW, service))["site"]
    assert outcome["outcome"] == "rolled_back"
    assert (path.read_text(encoding="ascii") if os.path.lexists(path) else None) == ("foreign" if stood else None)
    assert list(host.directory.glob("*.before-certwright*")) == []
    assert host.leftovers() == []


def test_a_foreign_file_is_kept_beside_the_link_and_made_once(host: TransactionHost) -> None:
    path = host.directory / "site.pem"
    path.write_text("foreign", encoding="ascii")
    service = host.service(files=foreign(path))
    for given in (NEW, supply("site", 3)):
        host.apply(host.wanted(given, service))
        assert path.read_text(encoding="ascii") == given.material.leaf + given.material.key
        assert os.readlink(path) == str(host.live("custom/site.pem"))
    kept = list(host.directory.glob("*.before-certwright*"))
    assert [item.read_text(encoding="ascii") for item in kept] == ["foreign"]


def test_a_file_in_place_follows_each_change_and_nothing_of_ours_is_kept_beside(host: TransactionHost) -> None:
    path = host.directory / "site.pem"
    service = host.service(files=foreign(path, in_place=True, mode="0640"))
    for given in (NEW, supply("site", 3)):
        host.apply(host.wanted(given, service))
        assert path.read_text(encoding="ascii") == given.material.leaf + given.material.key
        assert (path.is_symlink(), path.stat().st_mode & 0o777) == (False, 0o640)
    assert list(host.directory.glob("*.before-certwright*")) == []


def test_a_rollback_puts_the_previous_copy_back_in_place(host: TransactionHost) -> None:
    path = host.directory / "site.pem"
    service = host.service(files=foreign(path, in_place=True), reload=host.script("reload", f"! {host.sees(NEW)}"))
    host.install(supply("site", 3), service)
    host.apply(host.wanted(NEW, service))
    assert path.read_text(encoding="ascii") == supply("site", 3).material.leaf + supply("site", 3).material.key


@pytest.mark.parametrize("stood", [False, True], ids=["nothing stood there", "a file stood there"])
def test_what_somebody_put_at_a_path_while_a_run_was_interrupted_stays(host: TransactionHost, stood: bool) -> None:
    path = host.directory / "site.pem"
    if stood:
        path.write_text("before", encoding="ascii")
    service = host.service(files=foreign(path))
    attempt = interrupt(host, service)
    if stood:
        switch(host.store, attempt, no_label)
        path.unlink()
    path.write_text("theirs", encoding="ascii")
    outcome = recover(host, service)
    assert (outcome["outcome"], outcome["step"]) == ("rolled_back", "switch")
    assert "was changed by somebody else meanwhile" in outcome["message"]
    assert (path.is_symlink(), path.read_text(encoding="ascii")) == (False, "theirs")
    assert host.live_leaf() == OLD.material.leaf
    kept = [item.read_text(encoding="ascii") for item in host.directory.glob("*.before-certwright*")]
    assert kept == (["before"] if stood else [])


def test_an_interrupted_put_back_leaves_what_somebody_made_meanwhile(host: TransactionHost) -> None:
    path = host.directory / "site.pem"
    path.write_text("before", encoding="ascii")
    service = host.service(files=foreign(path))
    switch(host.store, interrupt(host, service, failure="it was refused"), no_label)
    path.unlink()
    path.write_text("theirs", encoding="ascii")
    assert recover(host, service)["outcome"] == "rolled_back"
    assert path.read_text(encoding="ascii") == "theirs"


# Several foreign paths, switched over a bridge


def test_a_bridge_is_never_complete_and_gone_after_the_commit(host: TransactionHost) -> None:
    bridge, seen = host.store.generation("site", 0), host.directory / "seen"
    paths = [host.directory / name for name in ("c.pem", "k.pem")]
    for path in paths:
        path.write_text("before", encoding="ascii")
    files = tuple(FileSpec(path.name, ("leaf",), path=str(path)) for path in paths)
    service = host.service(files=files, reload=host.script("reload", f"ls {bridge} {bridge}/custom > {seen}"))
    assert host.apply(host.wanted(NEW, service))["site"]["outcome"] == "activated"
    names = set(seen.read_text(encoding="ascii").split())
    assert {"c.pem", "k.pem", "privkey.pem"} <= names
    assert not names & {"manifest.json", "record.json", "activation.json"}
    assert (complete_generations(host.store, "site"), os.path.exists(bridge)) == ((1, 2), False)


def test_a_new_file_in_place_does_not_stay_behind_after_a_rollback_over_a_bridge(host: TransactionHost) -> None:
    directory = host.directory / "etc"
    directory.mkdir()
    files = []
    for name in ("c.pem", "k.pem"):
        (directory / name).write_text("before", encoding="ascii")
        files.append(FileSpec(name, ("leaf",), path=str(directory / name)))
    links = host.service(files=tuple(files))
    copied = FileSpec("tls.pem", ("leaf", "key"), path=str(directory / "tls.pem"), in_place=True)
    copy = host.service(name="copy", files=(copied,), reload=host.script("reload", f"! {host.sees(NEW)}"))
    assert host.apply(host.wanted(NEW, links, copy))["site"]["outcome"] == "rolled_back"
    found = {path.name: path.read_text(encoding="ascii") for path in directory.iterdir()}
    assert found == {"c.pem": "before", "k.pem": "before"}


# What cannot be put back


def vanishing(host: TransactionHost) -> tuple[Path, Service]:
    """A service whose check removes the directory of its foreign path together with the new files' good name."""
    directory = host.directory / "etc"
    directory.mkdir()
    check = host.script("check", f"! {host.sees(NEW)} || {{ rm -r {directory}; exit 1; }}")
    return directory, host.service(files=foreign(directory / "site.pem"), check=check)


def test_what_cannot_be_put_back_is_stranded_keeps_its_previous_generation_and_is_put_back_later(
    host: TransactionHost,
) -> None:
    directory, service = vanishing(host)
    outcome = host.apply(host.wanted(NEW, service), keep_generations=0)["site"]
    assert (outcome["outcome"], complete_generations(host.store, "site")) == ("stranded", (1, 2))
    directory.mkdir()
    assert recover(host, service)["outcome"] == "rolled_back"
    assert host.live_leaf() == OLD.material.leaf


def test_a_put_back_that_the_host_refuses_is_stranded_until_it_is_mended(host: TransactionHost) -> None:
    """As after `userdel`: the owner of the copy is unknown now."""
    path = host.directory / "site.pem"
    service = host.service(files=foreign(path, in_place=True))
    host.install(OLD, service)
    spec = replace(service.files[-1], owner="nobody-knows")
    placements = plan_placements(host.store, "site", (replace(service, files=(spec,)),))
    host.apply(host.wanted(NEW, service, activate=False))
    attempt = Attempt("site", 2, 3, (service,), placements, put_back=True, answered={}, failure="it was refused")
    journal = Journal("killed", "2026-11-21T22:00:00Z", (attempt,))
    write_journal(host.store, journal)
    (outcome,) = host.send(*host.look(host.wanted(NEW, service)))["outcomes"]
    assert outcome["outcome"] == "stranded"
    assert "nobody-knows does not exist" in outcome["message"]
    write_journal(host.store, Journal("killed", "", (replace(attempt, placements=()),)))
    assert recover(host, service)["outcome"] == "rolled_back"


def test_a_stranded_certificate_does_not_keep_another_from_being_installed(host: TransactionHost) -> None:
    service = vanishing(host)[1]
    assert host.apply(host.wanted(NEW, service))["site"]["outcome"] == "stranded"
    answer = host.send(*host.look(host.wanted(OLD, host.service(), name="other")))
    outcomes = {outcome["certificate"]: outcome["outcome"] for outcome in answer["outcomes"]}
    assert outcomes == {"site": "stranded", "other": "activated"}


def test_a_search_for_the_guilty_that_the_host_breaks_off_fails_its_attempts(host: TransactionHost) -> None:
    good, gone = host.directory / "good.pem", host.directory / "gone"
    gone.mkdir()
    check = host.script("check", f"test ! -e {good} || {{ rm -rf {gone}; exit 1; }}")
    outcomes = host.apply(
        host.wanted(OLD, host.service(files=foreign(good), check=check), name="a"),
        host.wanted(NEW, host.service(files=foreign(gone / "site.pem"), check=check), name="b"),
    )
    assert {name: outcome["outcome"] for name, outcome in outcomes.items()} == {"a": "rolled_back", "b": "stranded"}
    assert {outcome["step"] for outcome in outcomes.values()} == {"check"}
    assert live_generation(host.store, "a") is None
