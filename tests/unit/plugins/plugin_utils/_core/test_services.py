# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Declarations in, services or every reason why not out."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import pkcs12

from ansible_collections.certwright.tls.plugins.plugin_utils._core.keystore import can_make_truststores
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Problem
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import Preset, Probe, Service, ServiceFile
from ansible_collections.certwright.tls.plugins.plugin_utils._core.services import load_services
from ansible_collections.certwright.tls.plugins.plugin_utils._services.presets import PRESETS
from ansible_collections.certwright.tls.tests.unit.authority import ca

NAMES = ("a.example", "b.example")
FILES = [{"name": "all.pem", "parts": ["leaf", "chain", "key"]}]
SLOW = Preset("slow", files=(ServiceFile("all.pem", ("leaf", "key")),), method="restart", restart=("slow", "-r"))
KNOWN_WORDS = (
    "binary, config, group, mode, name, owner, paths, pid_file, ports, prefix, probe_names, probes, proxy_protocol, "
    "replace_links, restart, restart_window, selevel, serole, setype, seuser, starttls, unit"
)
ALL_PRESETS = ", ".join(sorted([*PRESETS, "slow"]))
NIGHTLY = {"restart": "window", "restart_window": "03:00-04:00"}
UNRESTARTABLE = "is to be restarted; say how by `unit` or `restart_command`"
TORN = "has certificate and key in two files of which one is `in_place`; combine their parts in that one"
OPEN = "holds the private key and would be open to everybody with mode"
FORM = "`restart_window` must be like 'Sun 03:00-04:00 Europe/Paris' (day and time zone may be left out; UTC then)"
ENTRY = "An entry of `services` must be a preset's name, or one name with its words: `nginx: {ports: [8443]}`"


def load(
    *entries: object, names: tuple[str, ...] = NAMES, attributes: dict[str, str] | None = None
) -> tuple[tuple[Service, ...], tuple[Problem, ...]]:
    return load_services(
        entries, certificate="web", names=names, attributes=attributes or {}, presets={**PRESETS, "slow": SLOW}
    )


def load_one(entry: object, **options: Any) -> Service:
    services, problems = load(entry, **options)
    assert problems == ()
    return services[0]


def custom(**words: object) -> dict[str, object]:
    return {"custom": {"files": FILES, **words}}


def test_the_preset_of_nginx_as_it_is() -> None:
    expected = Service(
        name="nginx",
        files=(
            ServiceFile("fullchain.pem", ("leaf", "chain"), mode="0644"),
            ServiceFile("privkey.pem", ("key",), mode="0600"),
        ),
        unit="nginx.service",
        pid_file="/run/nginx.pid",
        check=("nginx", "-t", "-q"),
        reload=("nginx", "-s", "reload"),
        references=("nginx", "-T", "-q"),
        hint="Put into its server block: ssl_certificate {fullchain.pem}; ssl_certificate_key {privkey.pem};",
        probes=(Probe(443, server_name="a.example"),),
        declared={"words": {}, "attributes": {}},
    )

    assert expected == load_one("nginx")
    assert expected == load_one({"nginx": None})
    assert expected == load_one({"nginx": {}})


def test_the_operators_words_go_over_the_preset() -> None:
    words = {
        "name": "nginx-2",
        "binary": "/opt/nginx",
        "config": "/srv/nginx.conf",
        "prefix": "/srv",
        "paths": {"fullchain.pem": "/srv/tls.pem"},
        "replace_links": True,
        "ports": [8443],
    }
    nginx = load_one("nginx")
    certificate, private_key = nginx.files
    where = ("-c", "/srv/nginx.conf", "-p", "/srv")

    expected = replace(
        nginx,
        name="nginx-2",
        files=(
            replace(certificate, path="/srv/tls.pem", replace_link=True),
            replace(private_key, replace_link=True),
        ),
        unit=None,
        pid_file=None,
        check=("/opt/nginx", "-t", "-q", *where),
        reload=("/opt/nginx", "-s", "reload", *where),
        references=("/opt/nginx", "-T", "-q", *where),
        probes=(Probe(8443, server_name="a.example"),),
        declared={"words": words, "attributes": {}},
    )
    assert expected == load_one({"nginx": words})


def test_every_word_of_a_custom_service() -> None:
    words = {
        "files": FILES,
        "status": "pidof proxy",
        "check": "proxy --check",
        "staged_check": "test -s {directory}/all.pem",
        "reload": "proxy --reload",
        "restart_command": "proxy --restart",
        "references": "proxy --dump",
        "restart": "window",
        "restart_window": "03:00-04:00",
        "pid_file": "/run/proxy.pid",
        "ports": [25],
        "starttls": "smtp",
        "proxy_protocol": True,
    }

    expected = Service(
        name="custom",
        files=(ServiceFile("all.pem", ("leaf", "chain", "key"), mode="0600"),),
        pid_file="/run/proxy.pid",
        status=("pidof", "proxy"),
        check=("proxy", "--check"),
        staged_check=("test", "-s", "{directory}/all.pem"),
        reload=("proxy", "--reload"),
        restart=("proxy", "--restart"),
        references=("proxy", "--dump"),
        restart_policy="window",
        restart_window="03:00-04:00",
        probes=(Probe(25, server_name="a.example", starttls="smtp", proxy_protocol=True),),
        declared={"words": words, "attributes": {}},
    )
    assert expected == load_one({"custom": words})


@pytest.mark.parametrize(
    ("words", "unit", "pid_file"),
    [
        pytest.param({}, "nginx.service", "/run/nginx.pid", id="the distribution's own"),
        pytest.param({"config": "/srv/x.conf"}, None, None, id="another configuration is another instance"),
        pytest.param({"config": "/srv/x.conf", "unit": "x.service"}, "x.service", None, id="with a unit of its own"),
        pytest.param({"config": "/srv/x.conf", "pid_file": "/x.pid"}, None, "/x.pid", id="with a process file"),
        pytest.param({"unit": ""}, None, "/run/nginx.pid", id="run by no unit"),
        pytest.param({"unit": None}, None, "/run/nginx.pid", id="run by no unit, in YAML's word"),
    ],
)
def test_which_process_is_meant(words: dict[str, object], unit: str | None, pid_file: str | None) -> None:
    service = load_one({"nginx": words})

    assert (unit, pid_file) == (service.unit, service.pid_file)


OFFICE = Preset(
    "office",
    files=(ServiceFile("all.pem", ("leaf", "key")), ServiceFile("x.pem", ("leaf",), owner="file")),
    unit="o@{instance}.service|o.service",
    pid_file="{config}/pid|/run/o-{instance}.pid|/run/o.pid",
    owner="office",
    group="office",
    status=("{binary}", "status"),
    reload=("{binary}", ("-c", "{config}"), ("-p", "{pid_file}"), "reload"),
    hint="name {all.pem} and {x.pem}",
    ports=(25, 465),
    starttls="smtp",
    port_starttls=((465, None), (143, "imap")),
    words=("binary", "config", "instance", "files"),
    defaults=(("binary", "o-{instance}|o|p"), ("config", "/etc/o-{instance}")),
)


@pytest.mark.parametrize(
    ("words", "unit", "pid_file", "reload"),
    [
        pytest.param({}, "o.service", "/run/o.pid", "o|p -p {pid_file} reload", id="the usual one"),
        pytest.param(
            {"instance": "1"},
            "o@1.service",
            "/run/o-1.pid",
            "o-1 -c /etc/o-1 -p {pid_file} reload",
            id="an instance",
        ),
        pytest.param({"config": "/c"}, None, "/c/pid", "o|p -c /c -p {pid_file} reload", id="another configuration"),
        pytest.param(
            {"config": "/c", "instance": "1", "pid_file": "/pid"},
            "o@1.service",
            "/pid",
            "o-1 -c /c -p {pid_file} reload",
            id="an instance with words of its own",
        ),
        pytest.param({"binary": "q"}, "o.service", "/run/o.pid", "q -p {pid_file} reload", id="another program"),
    ],
)
def test_which_instance_is_meant(words: dict[str, object], unit: str | None, pid_file: str | None, reload: str) -> None:
    service = load_office(words)

    assert (unit, pid_file, reload) == (service.unit, service.pid_file, " ".join(service.reload))
    assert (reload.split(maxsplit=1)[0], "status") == service.status


def load_office(words: dict[str, object], **attributes: str) -> Service:
    services, problems = load_services(
        [{"office": words}], certificate="web", names=NAMES, attributes=attributes, presets={"office": OFFICE}
    )
    assert problems == ()
    return services[0]


@pytest.mark.parametrize(
    ("words", "owners"),
    [
        pytest.param({}, ["office", "file"], id="the preset's"),
        pytest.param({"owner": "me"}, ["me", "file"], id="the operator's"),
    ],
)
def test_files_belong_to_the_user_of_the_preset_unless_told(words: dict[str, object], owners: list[str]) -> None:
    assert owners == [file.owner for file in load_office(words).files]
    assert [file.owner for file in load_office({}, owner="task").files] == ["task", "file"]
    assert [file.group for file in load_office(words).files] == ["office", "office"]


def test_a_path_of_the_operators_own_has_no_placeholders() -> None:
    file = {"name": "all.pem", "parts": ["leaf", "key"], "path": "/srv/{config}.pem"}
    (service,) = load({"custom": {"files": [file]}})[0]
    assert service.files[0].path == "/srv/{config}.pem"


def test_the_hint_of_a_preset_is_of_its_own_files_only() -> None:
    assert load_office({}).hint == OFFICE.hint
    assert load_office({"files": FILES}).hint == ""


@pytest.mark.parametrize(
    ("words", "spoken"),
    [
        pytest.param({}, {25: "smtp", 465: None}, id="the preset's ports"),
        pytest.param({"ports": [143, 587]}, {143: "imap", 587: "smtp"}, id="by port, else the preset's own"),
        pytest.param({"ports": [25, 465], "starttls": "pop3"}, {25: "pop3", 465: "pop3"}, id="the operator's word"),
        pytest.param({"probes": [{"port": 25}]}, {25: None}, id="probes are as they are"),
    ],
)
def test_what_is_spoken_on_which_port(words: dict[str, object], spoken: dict[int, str | None]) -> None:
    assert spoken == {probe.port: probe.starttls for probe in load_office(words).probes}


@pytest.mark.parametrize(
    ("entry", "method"),
    [
        pytest.param("nginx", "reload", id="a preset knows"),
        pytest.param("slow", "restart", id="a preset that cannot reload"),
        pytest.param(custom(unit="x.service"), "reload", id="a unit can"),
        pytest.param(custom(reload="x"), "reload", id="a command can"),
        pytest.param(custom(reload="x", restart_command="y"), "reload", id="both, the gentle one"),
        pytest.param(custom(restart_command="y"), "restart", id="only a restart"),
        pytest.param(custom(restart_command="y", unit="x.service"), "restart", id="a restart is said, a reload is not"),
        pytest.param(custom(restart_command="y", restart="never"), "restart", id="only a restart, and never by us"),
        pytest.param(custom(unit="x.service", restart="allowed"), "restart", id="a restart is allowed"),
        pytest.param(custom(unit="x.service", **NIGHTLY), "restart", id="a restart is allowed at night"),
        pytest.param(custom(unit="x.service", restart="never"), "reload", id="a restart is not allowed"),
        pytest.param(custom(restart_command="y", restart="allowed"), "restart", id="allowed, and there is a command"),
        pytest.param(custom(reload="x", restart="allowed"), "reload", id="a restart is allowed and need not be"),
        pytest.param(custom(restart="allowed", watches_files=True), "none", id="allowed, and it watches its files"),
        pytest.param({"nginx": {"restart": "allowed"}}, "restart", id="allowed for what could reload"),
        pytest.param({"nginx": NIGHTLY}, "restart", id="allowed at night for what could reload"),
        pytest.param({"nginx": {"restart": "never"}}, "reload", id="not allowed, which is how it is"),
        pytest.param({"slow": {"restart": "never"}}, "restart", id="not allowed for what cannot reload"),
        pytest.param(custom(), "none", id="neither unit nor command"),
        pytest.param(custom(unit="x.service", watches_files=True), "none", id="watches its files"),
        pytest.param(custom(unit="x.service", watches_files=False), "reload", id="does not watch them"),
    ],
)
def test_how_a_service_takes_its_files(entry: object, method: str) -> None:
    assert method == load_one(entry).method


@pytest.mark.parametrize(
    ("method", "words", "expected"),
    [
        pytest.param("", {}, "none", id="no words"),
        pytest.param("", {"unit": "x.service"}, "reload", id="a unit"),
        pytest.param("", {"reload": "x"}, "reload", id="a command"),
        pytest.param("", {"unit": "x.service", "restart": "allowed"}, "restart", id="a restart"),
        pytest.param("none", {"unit": "x.service"}, "none", id="the preset says: none"),
        pytest.param("reload", {}, "reload", id="the preset says: reload"),
        pytest.param("restart", {"unit": "x.service"}, "restart", id="the preset says: restart"),
    ],
)
def test_words_decide_for_a_preset_without_a_method(method: str, words: dict[str, object], expected: str) -> None:
    """By its data and not by its name: `custom` is one of them."""
    preset = Preset("loose", files=SLOW.files, method=method, words=("reload",))
    reload = {} if "unit" in words else {"reload": "x"} if method == "reload" else {}
    services, problems = load_services(
        [{"loose": {**reload, **words}}], certificate="web", names=NAMES, attributes={}, presets={"loose": preset}
    )

    assert problems == ()
    assert expected == services[0].method


@pytest.mark.parametrize(
    ("words", "names", "probes"),
    [
        pytest.param({}, NAMES, [Probe(443, server_name="a.example")], id="first name"),
        pytest.param({}, ("*.example", "b.example"), [Probe(443, server_name="b.example")], id="a wildcard is no name"),
        pytest.param({}, ("*.a.example",), [Probe(443, server_name="probe.a.example")], id="only a wildcard"),
        pytest.param({}, ("::1", "*.a.example"), [Probe(443, server_name="probe.a.example")], id="and an address"),
        pytest.param({}, ("10.0.0.1", "b.example"), [Probe(443, server_name="b.example")], id="nor is an address"),
        pytest.param({}, ("10.0.0.1", "::1"), [Probe(443)], id="none to ask for"),
        pytest.param(
            {"probe_names": ["x.example", "y.example"], "ports": [1, 2]},
            NAMES,
            [
                Probe(1, server_name="x.example"),
                Probe(1, server_name="y.example"),
                Probe(2, server_name="x.example"),
                Probe(2, server_name="y.example"),
            ],
            id="several names on several ports",
        ),
        pytest.param({"ports": []}, NAMES, [], id="no port"),
        pytest.param(
            {"probes": [{"port": 25, "starttls": "smtp"}, {"port": 443, "server_name": "x.example"}]},
            NAMES,
            [Probe(25, server_name="a.example", starttls="smtp"), Probe(443, server_name="x.example")],
            id="probes instead of the preset's port",
        ),
        pytest.param(
            {"probes": [{"port": 25}], "ports": [443]},
            NAMES,
            [Probe(25, server_name="a.example"), Probe(443, server_name="a.example")],
            id="probes and ports",
        ),
    ],
)
def test_what_is_probed(words: dict[str, object], names: tuple[str, ...], probes: list[Probe]) -> None:
    assert tuple(probes) == load_one({"nginx": words}, names=names).probes


def test_the_nearest_attribute_wins() -> None:
    files = [
        {"name": "a.pem", "parts": ["leaf"]},
        {"name": "b.pem", "parts": ["leaf"], "owner": "file", "mode": "0444"},
        {"name": "c.pem", "parts": ["key"], "group": "file"},
        {"name": "d.pem", "parts": ["key"], "mode": "0400"},
    ]
    attributes = {"owner": "module", "group": "module", "setype": "module", "mode": "640"}
    service = load_one({"custom": {"files": files, "group": "service"}}, attributes=attributes)

    expected = [
        ("module", "service", "module", "0644"),
        ("file", "service", "module", "0444"),
        ("module", "file", "module", "0640"),
        ("module", "service", "module", "0400"),
    ]
    assert expected == [(file.owner, file.group, file.setype, file.mode) for file in service.files]
    assert attributes == service.declared["attributes"]


def test_the_mode_of_a_service_goes_before_that_of_the_module() -> None:
    service = load_one({"nginx": {"mode": "0440"}}, attributes={"mode": "0400"})

    assert [file.mode for file in service.files] == ["0644", "0440"]


@pytest.mark.parametrize("word", ["owner", "group", "seuser", "serole", "setype", "selevel"])
def test_every_attribute_reaches_every_file(word: str) -> None:
    from_service = load_one({"nginx": {word: "x"}}, attributes={word: "y"})
    from_module = load_one("nginx", attributes={word: "y"})

    assert [getattr(file, word) for file in from_service.files] == ["x", "x"]
    assert [getattr(file, word) for file in from_module.files] == ["y", "y"]


@pytest.mark.parametrize(
    ("entry", "code", "message"),
    [
        pytest.param(
            "ngnix",
            "unknown_service",
            f"There is no service preset `ngnix`; known are {ALL_PRESETS}, and `custom` fits any service",
            id="no such preset",
        ),
        pytest.param(["nginx"], "service_invalid", ENTRY, id="a list"),
        pytest.param({"nginx": {}, "custom": {}}, "service_invalid", ENTRY, id="two names in one entry"),
        pytest.param({"nginx": [443]}, "service_invalid", ENTRY, id="a list of words"),
        pytest.param(None, "service_invalid", ENTRY, id="nothing"),
        pytest.param(
            {"nginx": {"port": 443}},
            "service_invalid",
            f"The service nginx: has the unknown word `port`; known are {KNOWN_WORDS}",
            id="no such word",
        ),
        pytest.param(
            {"nginx": {"reload": "x"}},
            "service_invalid",
            f"The service nginx: has the unknown word `reload`; known are {KNOWN_WORDS}",
            id="a word of another preset",
        ),
        pytest.param(
            {"nginx": {"name": "no service preset"}},
            "service_invalid",
            "The service nginx: `name` must be letters, digits, `_` and `-`, for it names a directory; "
            "`no service preset` is not",
            id="a value that quotes another message",
        ),
        pytest.param(
            {"nginx": {"ports": ["x"], "mode": 416}},
            "service_invalid",
            "The service nginx: `ports` must be a port from 1 to 65535; `x` is not\n"
            "The service nginx: `mode` must be octal digits in quotes, as in '0640'; `416` is not",
            id="two words at once",
        ),
        pytest.param(
            {"custom": {"name": "proxy"}},
            "service_invalid",
            "The service proxy: has no `files`; say which parts go into which file",
            id="no files",
        ),
        pytest.param(
            {"nginx": {"paths": {"cert.pem": "/a", "key.pem": "/b"}}},
            "service_invalid",
            "The service nginx: `paths` names cert.pem, key.pem, which it does not have; "
            "its files are fullchain.pem, privkey.pem",
            id="paths of other files",
        ),
        pytest.param(
            {"nginx": {"mode": "0644"}},
            "service_invalid",
            f"The service nginx: privkey.pem {OPEN} 0644; use '0640' and a group",
            id="a key that everybody may read",
        ),
        pytest.param(
            custom(files=[{"name": "all.pem", "parts": ["leaf", "key"], "mode": "0601"}]),
            "service_invalid",
            f"The service custom: all.pem {OPEN} 0601; use '0640' and a group",
            id="a combined file that everybody may enter",
        ),
        pytest.param(
            custom(files=[{"name": "a.pem", "parts": ["leaf"], "in_place": True}]),
            "service_invalid",
            "The service custom: a.pem is `in_place` and has no `path`",
            id="in place of what",
        ),
        pytest.param(
            custom(
                files=[
                    {"name": "a.pem", "parts": ["leaf"], "in_place": True, "path": "/a"},
                    {"name": "b.pem", "parts": ["key"], "in_place": True, "path": "/b"},
                ]
            ),
            "service_invalid",
            "The service custom: has more than one `in_place` file; they cannot be switched together, "
            f"so combine their parts in one\nThe service custom: {TORN}",
            id="two files in place",
        ),
        pytest.param(
            custom(
                files=[
                    {"name": "a.pem", "parts": ["leaf"]},
                    {"name": "b.pem", "parts": ["key"], "in_place": True, "path": "/b"},
                ]
            ),
            "service_invalid",
            f"The service custom: {TORN}",
            id="a key in place beside its certificate",
        ),
        pytest.param(
            custom(
                files=[
                    {"name": "a.pem", "parts": ["leaf", "chain"], "in_place": True, "path": "/a"},
                    {"name": "b.pem", "parts": ["key"], "path": "/b"},
                ]
            ),
            "service_invalid",
            f"The service custom: {TORN}",
            id="a certificate in place beside its key",
        ),
        pytest.param(
            {"slow": {"restart_window": "03:00-04:00"}},
            "service_invalid",
            "The service slow: has a `restart_window` but not `restart: window`",
            id="window for nothing",
        ),
        pytest.param(
            custom(restart="allowed"), "service_invalid", f"The service custom: {UNRESTARTABLE}", id="to restart what"
        ),
        pytest.param(
            custom(**NIGHTLY, unit=""),
            "service_invalid",
            f"The service custom: {UNRESTARTABLE}",
            id="to restart at night what no unit runs",
        ),
        pytest.param(
            {"nginx": {"config": "/srv/x.conf", "restart": "allowed"}},
            "service_invalid",
            "The service nginx: is to be restarted; say how by `unit`",
            id="to restart another instance",
        ),
        pytest.param(
            custom(restart="window", paths={"x.pem": "/x"}, mode="0644"),
            "service_invalid",
            "The service custom: `paths` names x.pem, which it does not have; its files are all.pem\n"
            f"The service custom: all.pem {OPEN} 0644; use '0640' and a group\n"
            f"The service custom: {UNRESTARTABLE}\n"
            f"The service custom: `restart: window` needs a window; {FORM}",
            id="all faults of one service",
        ),
        pytest.param(
            custom(files=[{"name": "a.p12", "format": "pkcs12", "mode": "0644"}]),
            "service_invalid",
            f"The service custom: a.p12 {OPEN} 0644; use '0640' and a group",
            id="a keystore that is open to everybody",
        ),
        pytest.param(
            custom(files=[{"name": "a.p12", "format": "pkcs12", "passphrase": "short"}]),
            "service_invalid",
            "The service custom: `files` `passphrase` must be a text of 6 to 500 characters, all of them printable "
            "ASCII, as Java reads it",
            id="a passphrase that keytool refuses",
        ),
        pytest.param(
            custom(trust_src="ca.pem"),
            "service_invalid",
            "The service custom: has `trust_src`, and no file for it; add one with `parts: [trust]` or "
            "`format: truststore`",
            id="trust that goes nowhere",
        ),
        pytest.param(
            {"nginx": {"probe_names": []}},
            "service_invalid",
            "The service nginx: `probe_names` must name at least one; `ports: []` probes nothing",
            id="ports without a name to ask for",
        ),
        pytest.param(
            {"nginx": {"paths": {"fullchain.pem": "/a", "privkey.pem": "/a"}}},
            "service_invalid",
            "The path /a is given to more than one file; give each its own",
            id="one path for two files",
        ),
        pytest.param(
            {"haproxy": {"config": "/srv/haproxy.cfg"}},
            "service_invalid",
            "The service haproxy: has nothing to reload it by; say its `unit` or its `pid_file`",
            id="to reload what",
        ),
    ],
)
def test_what_is_wrong_with_a_declaration(entry: object, code: str, message: str) -> None:
    assert (Problem("web", code, message),) == load(entry)[1]


@pytest.mark.parametrize(
    "files",
    [
        pytest.param([("all.pem", ["leaf", "key"], True)], id="both in one"),
        pytest.param([("all.pem", ["leaf", "key"], True), ("c.pem", ["leaf"], False)], id="and once more in links"),
        pytest.param([("a.pem", ["leaf"], False), ("b.pem", ["key"], False), ("c.pem", ["chain"], True)], id="neither"),
        pytest.param([("c.pem", ["leaf"], True)], id="no key at all"),
    ],
)
def test_what_cannot_be_torn_apart_may_be_in_place(files: list[tuple[str, list[str], bool]]) -> None:
    declared = [
        {"name": name, "parts": parts, "in_place": in_place, "path": f"/{name}"} for name, parts, in_place in files
    ]
    assert load(custom(files=declared))[1] == ()


def test_everything_that_is_wrong_is_told_at_once() -> None:
    entries: list[object] = ["ngnix", {"nginx": {"mode": "0644", "restart": "window"}}, custom(in_place=True), custom()]
    entries += ["nginx", "nginx", {"slow": {"paths": {"all.pem": "/a"}}}, custom(name="x", paths={"all.pem": "/a"})]

    expected = [
        ("unknown_service", "There is no service preset `ngnix`"),
        ("service_invalid", "The service nginx: privkey.pem holds the private key"),
        ("service_invalid", "The service custom: has the unknown word `in_place`"),
        ("service_invalid", "The service nginx is there twice; give each its own `name`"),
        ("service_invalid", "The path /a is given to more than one file; give each its own"),
    ]
    problems = load(*entries)[1]
    assert expected == [
        (problem.code, problem.message[: len(start)])
        for problem, (_code, start) in zip(problems, expected, strict=True)
    ]
    assert "`restart: window` needs a window" in problems[1].message


@pytest.mark.skipif(not can_make_truststores(), reason="cryptography 45 or newer is not there")
def test_keystores_and_whom_a_service_trusts() -> None:
    trusted = ca()
    files = [
        {"name": "a.p12", "format": "pkcs12", "passphrase": "sesame street", "passphrase_src": "x"},
        {"name": "t.p12", "format": "truststore", "passphrase": "sesame street"},
        {"name": "t.pem", "parts": ["trust"]},
    ]
    service = load_one(
        {"custom": {"files": files, "trust_content": trusted.pem.decode(), "trust_src": "x", "mode": "640"}}
    )

    fingerprint = (sha256(trusted.der).hexdigest(),)
    assert [("0640", ()), ("0644", fingerprint), ("0644", fingerprint)] == [
        (file.mode, file.trusted) for file in service.files
    ]
    assert [fingerprint] == [(item.fingerprint,) for item in service.trust]
    said = [{word: value for word, value in file.items() if not word.startswith("passphrase")} for file in files]
    assert {"words": {"files": said, "mode": "640"}, "attributes": {}} == service.declared


def test_a_truststore_takes_a_library_that_can_make_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(pkcs12, "serialize_java_truststore", raising=False)
    (problem,) = load({"custom": {"files": [{"name": "t.p12", "format": "truststore"}]}})[1]
    assert problem.code == "truststore_needs_cryptography"
    assert "t.p12 takes the Python library cryptography 45 or newer on the controller" in problem.message
    assert load({"custom": {"files": [{"name": "t.pem", "parts": ["trust"]}]}})[1] == ()


def test_two_instances_with_names_of_their_own() -> None:
    services, problems = load("nginx", {"nginx": {"name": "nginx-2"}})

    assert [service.name for service in services] == ["nginx", "nginx-2"]
    assert problems == ()
