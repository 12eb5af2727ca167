# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What BlueMind gets for its system and for a domain, as files and by its command, on which of its hosts."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import Service
from ansible_collections.certwright.tls.plugins.plugin_utils._core.services import load_services
from ansible_collections.certwright.tls.plugins.plugin_utils._services.presets import PRESETS

COMBINED = ("leaf", "key", "chain")
GLOBAL = "/etc/ssl/certs/bm_cert.pem"
STARTUP = ("/usr/share/nginx/bm-systemd.sh", "startPre")
CONFIGURE = ("/usr/share/bm-client-access/bin/configure-nginx.sh",)
HTTPS_ONLY = "BlueMind serves a domain's certificate by HTTPS only"


def load(*entries: Any, certificate: str = "system", **attributes: str) -> tuple[tuple[Service, ...], list[str]]:
    services, problems = load_services(
        entries, certificate=certificate, names=("mail.a.example",), attributes=attributes, presets=PRESETS
    )
    return services, [f"{problem.code}: {problem.message}" for problem in problems]


def load_sound(words: dict[str, Any] | None = None, **options: Any) -> tuple[Service, ...]:
    services, problems = load({"bluemind": words or {}}, **options)
    assert problems == []
    return services


def shape(service: Service) -> list[tuple[str, tuple[str, ...], str]]:
    return [(file.path or file.name, file.parts, file.mode) for file in service.files]


def test_the_system_has_a_combined_file_at_two_places_and_its_ca() -> None:
    bluemind, postfix = load_sound()

    assert shape(bluemind) == [
        (GLOBAL, COMBINED, "0640"),
        ("/etc/bm/certs/bm_cert.pem", COMBINED, "0640"),
        ("/var/lib/bm-ca/cacert.pem", ("chain", "root"), "0644"),
    ]
    assert not bluemind.is_optional
    assert [file.make_directory for file in bluemind.files] == [False, True, True]
    assert (bluemind.unit, bluemind.method, bluemind.prepare) == ("bm-nginx.service", "reload", (STARTUP, CONFIGURE))
    assert spoken(bluemind) == {443: None, 993: None, 995: None, 143: "imap", 110: "pop3"}
    assert (postfix.name, postfix.files) == ("bluemind-postfix", ())
    assert (postfix.check, postfix.reload) == (("postfix", "check"), ("postfix", "reload"))
    assert spoken(postfix) == {25: "smtp", 465: None, 587: "smtp"}


def spoken(service: Service) -> dict[int, str | None]:
    return {probe.port: probe.starttls for probe in service.probes}


@pytest.mark.parametrize(
    ("certificate", "words", "uid"),
    [
        pytest.param("a.example", {}, "a.example", id="its name"),
        pytest.param("a.example", {"domain_uid": "3a4f.internal"}, "3a4f.internal", id="its identifier"),
        pytest.param("shop", {"domain_uid": "a.example"}, "a.example", id="a certificate of another name"),
    ],
)
def test_a_domain_has_files_of_its_own_which_https_alone_reads(
    certificate: str, words: dict[str, str], uid: str
) -> None:
    (bluemind,) = load_sound(words, certificate=certificate)

    paths = [f"/etc/ssl/certs/bm_cert-{uid}.pem", f"/etc/bm/certs/bm_cert-{uid}.pem"]
    assert [(path, COMBINED, "0640") for path in paths] == shape(bluemind)
    assert [file.fallback for file in bluemind.files] == [GLOBAL, GLOBAL]
    assert bluemind.is_optional
    assert spoken(bluemind) == {443: None}


def test_a_certificate_that_is_nobodys_is_asked_whose_it_is() -> None:
    fact = "The service bluemind: the certificate mail is neither system nor that of a domain"
    way_out = "say its `domain_uid`, which is global.virt for what belongs to no domain"
    assert ((), [f"service_invalid: {fact}; {way_out}"]) == load("bluemind", certificate="mail")
    assert load_sound({"domain_uid": "global.virt"}, certificate="mail")[0].files[0].path == GLOBAL


@pytest.mark.parametrize(
    ("words", "attributes", "mode"),
    [
        pytest.param({}, {}, "0640", id="not said"),
        pytest.param({}, {"mode": "0600"}, "0600", id="of the module"),
        pytest.param({"mode": "0440", "group": "openldap"}, {"mode": "0600"}, "0440", id="of the service"),
    ],
)
def test_the_mode_of_keys(words: dict[str, str], attributes: dict[str, str], mode: str) -> None:
    files = load_sound(words, **attributes)[0].files
    assert [mode, mode, "0644"] == [file.mode for file in files]
    assert {words.get("group")} == {file.group for file in files}


@pytest.mark.parametrize(
    ("tags", "running"),
    [
        pytest.param(["bm/nginx", "mail/smtp", "bm/core"], ["bluemind", "bluemind-postfix"], id="one server"),
        pytest.param(["bm/nginx-edge"], ["bluemind"], id="an edge"),
        pytest.param(["mail/smtp-edge"], ["bluemind-postfix"], id="a relay"),
        pytest.param(["bm/core"], [], id="neither"),
    ],
)
def test_tags_say_what_runs_on_a_host(tags: list[str], running: list[str]) -> None:
    """It has the files anyway."""
    services = load_sound({"tags": tags, "unit": "other.service", "ports": [8443]})
    assert ["bluemind", *(name for name in running if name != "bluemind")] == [item.name for item in services]
    assert len(services[0].files) == 3
    assert running == [item.name for item in services if item.reload]
    idle = [item for item in services if not item.reload]
    assert [("none", (), (), (), None)] * len(idle) == [
        (item.method, item.check, item.prepare, item.probes, item.unit) for item in idle
    ]


@pytest.mark.parametrize(
    ("entries", "excluded"),
    [
        pytest.param(["bluemind", "postfix"], "postfix", id="postfix"),
        pytest.param(["bluemind", "nginx", "dovecot"], "dovecot", id="dovecot"),
        pytest.param([{"bluemind": {"ports": [443, 993, 25]}}], "port 993, port 25", id="ports of mail"),
        pytest.param([{"bluemind": {"via": "bm_cli", "ports": [465]}}], "port 465", id="by the command too"),
    ],
)
def test_a_domain_has_no_certificate_for_mail(entries: list[Any], excluded: str) -> None:
    _services, problems = load(*entries, certificate="a.example")
    (problem,) = problems
    assert problem.startswith(f"service_invalid: {HTTPS_ONLY}")
    assert f"so {excluded} cannot have it; leave that out here, and give tls_system the names" in problem
    assert load(*entries)[1] == []


@pytest.mark.parametrize(
    ("certificate", "domain", "product_file"),
    [
        pytest.param("system", (), GLOBAL, id="the system"),
        pytest.param("a.example", ("--domain", "a.example"), "/etc/ssl/certs/bm_cert-a.example.pem", id="a domain"),
    ],
)
def test_bm_cli_reads_the_files_where_they_lie(certificate: str, domain: tuple[str, ...], product_file: str) -> None:
    """No key is among its words, and the product writes its own paths."""
    bluemind = load_sound({"via": "bm_cli"}, certificate=certificate)[0]

    parts = [("cert.pem", ("leaf",), "0644"), ("key.pem", ("key",), "0600"), ("ca.pem", ("chain", "root"), "0644")]
    assert parts == shape(bluemind)
    material = [f"--{part} {{directory}}/{part}.pem" for part in ("ca", "cert", "key")]
    assert " ".join(["bm-cli certificate file-cert", *domain, *material]) == " ".join(bluemind.reload)
    assert ("command", product_file, ()) == (bluemind.method, bluemind.product_file, bluemind.check)
    assert (product_file, product_file.replace("ssl/certs", "bm/certs")) == bluemind.private_files


def test_bluemind_reloads_postfix_by_itself() -> None:
    postfix = load_sound({"via": "bm_cli"})[1]
    assert (postfix.method, postfix.reload) == ("none", ())
    assert spoken(postfix) == {25: "smtp", 465: None, 587: "smtp"}


def test_everything_may_lie_elsewhere() -> None:
    words = {"root": "/srv/bm", "postfix": {"config": "/srv/bm/etc/postfix", "name": "mta"}, "prepare": "true now"}
    bluemind, postfix = load_sound(words)
    paths = [
        "/srv/bm/etc/ssl/certs/bm_cert.pem",
        "/srv/bm/etc/bm/certs/bm_cert.pem",
        "/srv/bm/var/lib/bm-ca/cacert.pem",
    ]
    assert paths == [file.path for file in bluemind.files]
    assert bluemind.prepare == (("true", "now"),)
    assert (postfix.name, postfix.reload) == ("mta", ("postfix", "-c", "/srv/bm/etc/postfix", "reload"))
    (domain,) = load_sound({"root": "/srv/bm"}, certificate="a.example")
    assert {"/srv/bm/etc/ssl/certs/bm_cert.pem"} == {file.fallback for file in domain.files}
    assert domain.prepare[0] == ("/srv/bm/usr/share/nginx/bm-systemd.sh", "startPre")


def test_what_is_wrong_with_postfix_is_told_beside_the_rest() -> None:
    _services, problems = load({"bluemind": {"postfix": {"config": "relative"}}})
    (problem,) = problems
    assert problem.startswith("service_invalid: The service bluemind-postfix: `config` must be an absolute path")
    assert "`postfix` must be a mapping" in load({"bluemind": {"postfix": "yes"}})[1][0]


def test_a_record_holds_all_of_it() -> None:
    for service in (*load_sound(), *load_sound(certificate="a.example"), *load_sound({"via": "bm_cli"})):
        assert service == Service.from_record(service.to_record())
