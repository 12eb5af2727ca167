# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every word of a service's declaration: what it becomes, and what it says when it gets something else."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import load_certificates
from ansible_collections.certwright.tls.plugins.plugin_utils._core.keystore_passphrase import KeystorePassphrase
from ansible_collections.certwright.tls.plugins.plugin_utils._core.revocation_list import load_lists
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import Probe, ServiceFile
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service_words import (
    FILE_KINDS,
    PROBE_KINDS,
    SERVICE_KINDS,
    Kind,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.word_kinds import WordError
from ansible_collections.certwright.tls.tests.unit.authority import ca
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.revocation_lists import sign_list

FILE_WORDS = ", ".join(FILE_KINDS)
PROBE_WORDS = ", ".join(PROBE_KINDS)
PLAIN_FILE = {"name": "tls.pem", "parts": ["leaf"]}
KEYSTORE: dict[str, object] = {"name": "a.p12", "format": "pkcs12"}
ENTRY, WITHOUT = (
    "a.p12: `parts` of a keystore must have key and leaf, and may have chain and root",
    "has no meaning with",
)
TRUSTED = ca().pem.decode("ascii")
SALTED = KeystorePassphrase("sesame street", b"salt")
NO_TRUST = (
    "must be the PEM of one certificate or more: The trust input is empty; pass the file as trust_src or what is in it "
    "as trust_content"
)
NO_LIST = (
    "must be the PEM of lists of revocations: The crl input is empty; pass the file as crl_src or what is in it as "
    "crl_content"
)
LIST = sign_list(ca())
SHORT = "must be a text of 6 to 500 characters, all of them printable ASCII, as Java reads it"

READ: list[tuple[str, object, object]] = [
    ("name", "nginx-2", "nginx-2"),
    ("name", 2, "2"),
    ("owner", "www-data", "www-data"),
    ("owner", 33, "33"),
    ("group", "ssl-cert", "ssl-cert"),
    ("mode", "0640", "0640"),
    ("mode", "640", "0640"),
    ("seuser", "system_u", "system_u"),
    ("serole", "object_r", "object_r"),
    ("setype", "cert_t", "cert_t"),
    ("selevel", "s0", "s0"),
    ("unit", "nginx@2.service", "nginx@2.service"),
    ("unit", "", ""),
    ("unit", None, ""),
    ("pid_file", "/run/nginx-2.pid", "/run/nginx-2.pid"),
    ("paths", {"tls.pem": "/opt/tls.pem"}, {"tls.pem": "/opt/tls.pem"}),
    ("replace_links", True, True),
    ("replace_links", "no", False),
    ("ports", [443, "8443"], (443, 8443)),
    ("ports", (), ()),
    ("probes", [{"port": "25", "starttls": "smtp"}], (Probe(25, starttls="smtp"),)),
    (
        "probes",
        [{"port": 443, "address": "::1", "server_name": "a.example", "proxy_protocol": "yes"}],
        (Probe(443, "::1", "a.example", proxy_protocol=True),),
    ),
    (
        "probes",
        [{"port": 443, "client_certificate": "/etc/c.pem", "client_private_key": "/etc/c.key", "http_path": "/health"}],
        (Probe(443, client_certificate="/etc/c.pem", client_private_key="/etc/c.key", http_path="/health"),),
    ),
    ("probes", [{"port": 443, "client_certificate": "own"}], (Probe(443, client_certificate="own"),)),
    ("probe_names", ["a.example", "b.example"], ("a.example", "b.example")),
    ("starttls", "imap", "imap"),
    ("proxy_protocol", "Off", False),
    ("proxy_protocol", 1, True),
    ("restart", "window", "window"),
    ("restart_window", "03:00-04:00", "03:00-04:00"),
    ("binary", "/opt/nginx/sbin/nginx", "/opt/nginx/sbin/nginx"),
    ("config", "/srv/nginx.conf", "/srv/nginx.conf"),
    ("tags", ["bm/nginx", "mail/smtp"], ("bm/nginx", "mail/smtp")),
    ("root", "/srv/bm", "/srv/bm"),
    ("via", "bm_cli", "bm_cli"),
    ("domain_uid", "3a4f.internal", "3a4f.internal"),
    ("bm_cli", "/usr/bin/bm-cli", "/usr/bin/bm-cli"),
    ("postfix", {"ports": [25], 1: 2}, {"ports": [25], "1": 2}),
    ("prepare", "/opt/make vhosts", ("/opt/make", "vhosts")),
    ("prefix", "/srv", "/srv"),
    ("instance", "15-main", "15-main"),
    ("instance", 15, "15"),
    ("id", "controller", "controller"),
    ("http_port", "4445", 4445),
    ("config_directory", "/srv/js7/config", "/srv/js7/config"),
    ("jetty_base", "/srv/joc", "/srv/joc"),
    ("keystore", "client", "client"),
    ("keytool", "/opt/java/bin/keytool", "/opt/java/bin/keytool"),
    ("alias", "web1", "web1"),
    ("passphrase", "sesame street", KeystorePassphrase("sesame street")),
    ("passphrase_src", "java.pass", "java.pass"),
    ("files", [PLAIN_FILE], (ServiceFile("tls.pem", ("leaf",)),)),
    (
        "files",
        [
            {
                "name": "all.pem",
                "parts": ["key", "leaf", "chain", "root"],
                "mode": "600",
                "owner": "a",
                "group": "b",
                "seuser": "u",
                "serole": "r",
                "setype": "t",
                "selevel": "s0",
                "path": "/x.pem",
                "in_place": True,
                "replace_link": "false",
            }
        ],
        (
            ServiceFile(
                name="all.pem",
                parts=("key", "leaf", "chain", "root"),
                mode="0600",
                owner="a",
                group="b",
                seuser="u",
                serole="r",
                setype="t",
                selevel="s0",
                path="/x.pem",
                in_place=True,
            ),
        ),
    ),
    ("files", [KEYSTORE], (ServiceFile("a.p12", ("key", "leaf", "chain"), format="pkcs12"),)),
    (
        "files",
        [
            {
                **KEYSTORE,
                "parts": ["root", "chain", "leaf", "key"],
                "alias": "Web 1",
                "level": "legacy",
                "passphrase": SALTED,
                "passphrase_src": "p12.pass",
                "mode": "0640",
            },
            {"name": "t.p12", "format": "truststore", "level": "modern", "passphrase": "sesame street"},
            {"name": "t.pem", "parts": ["trust"], "format": "pem"},
        ],
        (
            ServiceFile(
                "a.p12", ("key", "leaf", "chain", "root"), "0640", format="pkcs12", alias="Web 1", level="legacy"
            ),
            ServiceFile("t.p12", ("trust",), format="truststore", level="modern"),
            ServiceFile("t.pem", ("trust",)),
        ),
    ),
    ("status", "pidof 'mail proxy'", ("pidof", "mail proxy")),
    ("check", ["mailproxy", "--check"], ("mailproxy", "--check")),
    ("staged_check", "test -s {directory}/tls.pem", ("test", "-s", "{directory}/tls.pem")),
    ("reload", ["kill", "-HUP", 1], ("kill", "-HUP", "1")),
    ("restart_command", "service mailproxy restart", ("service", "mailproxy", "restart")),
    ("watches_files", "true", True),
    ("references", "mailproxy --dump", ("mailproxy", "--dump")),
    ("trust_content", TRUSTED, load_certificates(TRUSTED.encode("ascii"), "trust")),
    ("trust_src", "ca.pem", ("ca.pem",)),
    ("trust_src", ["old.pem", "new.pem"], ("old.pem", "new.pem")),
    ("trust", ["office", "office", "partners"], ("office", "partners")),
    ("crl_content", LIST, load_lists(LIST.encode("ascii"))),
    ("crl_src", "ca.crl", ("ca.crl",)),
]

NO_COMMAND = "must be a command; it is empty"
REFUSED: list[tuple[str, object, str]] = [
    ("name", "../x", "must be letters, digits, `_` and `-`, for it names a directory; `../x` is not"),
    ("name", None, "must be a text"),
    ("owner", True, "must be a text"),
    ("group", [], "must be a text"),
    ("mode", 416, "must be octal digits in quotes, as in '0640'; `416` is not"),
    ("mode", "u=rw", "must be octal digits in quotes, as in '0640'; `u=rw` is not"),
    ("mode", "4755", "must be octal digits in quotes, as in '0640'; `4755` is not"),
    ("seuser", {}, "must be a text"),
    ("serole", None, "must be a text"),
    ("setype", " ", "must be a text"),
    ("selevel", False, "must be a text"),
    ("unit", ["nginx"], "must be a text"),
    ("pid_file", "run/x.pid", "must be an absolute path on the host; `run/x.pid` is not"),
    ("paths", ["/opt/tls.pem"], "must map file names to paths on the host"),
    ("paths", {"a/b": "/opt/tls.pem"}, "must be a plain file name; `a/b` is not"),
    ("paths", {"tls.pem": "/opt/../etc"}, "must be an absolute path on the host; `/opt/../etc` is not"),
    ("replace_links", "perhaps", "must be true or false; `perhaps` is neither"),
    ("ports", 443, "must be a list"),
    ("ports", [0], "must be a port from 1 to 65535; `0` is not"),
    ("ports", ["65536"], "must be a port from 1 to 65535; `65536` is not"),
    ("ports", ["²"], "must be a port from 1 to 65535; `²` is not"),
    ("ports", [True], "must be a port from 1 to 65535; `True` is not"),
    ("ports", ["https"], "must be a port from 1 to 65535; `https` is not"),
    ("probes", [443], "must be a list of mappings with port"),
    ("probes", [{"starttls": "smtp"}], f"lacks port; known are {PROBE_WORDS}"),
    ("probes", [{"port": 1, "tls": 1, "sni": 2}], f"has the unknown sni, tls; known are {PROBE_WORDS}"),
    (
        "probes",
        [{"port": 1, "client_certificate": "own", "client_private_key": "/etc/c.key"}],
        "has a `client_private_key` beside `client_certificate: own`, which has its own; leave it out",
    ),
    ("probes", [{"port": "x"}], "`port` must be a port from 1 to 65535; `x` is not"),
    (
        "probes",
        [{"port": 1, "address": "localhost"}],
        "`address` must be an IP address of the host; `localhost` is not",
    ),
    ("probe_names", "a.example", "must be a list"),
    ("probe_names", [], "must name at least one; `ports: []` probes nothing"),
    ("id", "../first", "must be letters, digits, `.`, `_` and `-`, as in 15-main; `../first` is not"),
    ("http_port", "0", "must be a port from 1 to 65535; `0` is not"),
    ("config_directory", "config", "must be an absolute path on the host; `config` is not"),
    ("jetty_base", "joc", "must be an absolute path on the host; `joc` is not"),
    ("keystore", "none", "must be one of both, server, client; `none` is not"),
    ("keytool", "keytool", "must be an absolute path on the host; `keytool` is not"),
    ("alias", "a/b", "must be letters, digits, blanks, `.`, `_` and `-`; `a/b` is not"),
    (
        "passphrase",
        "short",
        "must be a text of 6 to 500 characters, all of them printable ASCII, as Java reads it",
    ),
    ("passphrase_src", [], "must be a text"),
    ("starttls", "ftp", "must be one of smtp, lmtp, imap, pop3, sieve, ldap, postgres; `ftp` is not"),
    ("proxy_protocol", 2, "must be true or false; `2` is neither"),
    ("restart", "always", "must be one of never, allowed, window; `always` is not"),
    ("restart_window", None, "must be a text"),
    ("binary", "", "must be a text"),
    ("config", "~/nginx.conf", "must be an absolute path on the host; `~/nginx.conf` is not"),
    ("tags", "bm/nginx", "must be a list"),
    ("root", "bm", "must be an absolute path on the host; `bm` is not"),
    ("via", "api", "must be one of auto, files, bm_cli; `api` is not"),
    ("domain_uid", "../x", "must be a plain file name; `../x` is not"),
    ("bm_cli", "bm-cli", "must be an absolute path on the host; `bm-cli` is not"),
    ("postfix", ["ports"], "must be a mapping of words"),
    ("prepare", "", "must be a command; it is empty"),
    ("prefix", "", "must be a text"),
    ("instance", "../x", "must be letters, digits, `.`, `_` and `-`, as in 15-main; `../x` is not"),
    ("files", PLAIN_FILE, "must be a list"),
    ("files", [], "must name at least one file"),
    ("files", ["tls.pem"], "must be a list of mappings with name, parts"),
    ("files", [PLAIN_FILE, PLAIN_FILE], "must name each file once"),
    ("files", [{"name": "a.pem"}], f"lacks parts; known are {FILE_WORDS}"),
    ("files", [{"path": "/x"}], f"lacks name, parts; known are {FILE_WORDS}"),
    ("files", [{**PLAIN_FILE, "src": "x"}], f"has the unknown src; known are {FILE_WORDS}"),
    ("files", [{**PLAIN_FILE, "name": ".hidden"}], "`name` must be a plain file name; `.hidden` is not"),
    (
        "files",
        [{**PLAIN_FILE, "parts": ["leaf", "cert"]}],
        "`parts` must be some of leaf, chain, root, key, trust, crl, in the order of the file; got `leaf, cert`",
    ),
    (
        "files",
        [{**PLAIN_FILE, "parts": []}],
        "`parts` must be some of leaf, chain, root, key, trust, crl, in the order of the file; got ``",
    ),
    ("files", [{**KEYSTORE, "format": "jks"}], f"lacks parts; known are {FILE_WORDS}"),
    (
        "files",
        [{**PLAIN_FILE, "format": "jks"}],
        "`format` must be one of pem, pkcs12, truststore; `jks` is not",
    ),
    ("files", [{**KEYSTORE, "level": "old"}], "`level` must be one of modern, legacy; `old` is not"),
    (
        "files",
        [{**KEYSTORE, "alias": "-x"}],
        "`alias` must be letters, digits, blanks, `.`, `_` and `-`; `-x` is not",
    ),
    ("files", [{**KEYSTORE, "passphrase": "short"}], f"`passphrase` {SHORT}"),
    ("files", [{**KEYSTORE, "passphrase": 12345678}], f"`passphrase` {SHORT}"),
    ("files", [{**KEYSTORE, "passphrase": "gr\u00fcn und blau"}], f"`passphrase` {SHORT}"),
    ("files", [{**KEYSTORE, "passphrase": "two lines\nof text"}], f"`passphrase` {SHORT}"),
    ("files", [{**KEYSTORE, "passphrase": KeystorePassphrase("short")}], f"`passphrase` {SHORT}"),
    ("files", [{**KEYSTORE, "parts": ["leaf"]}], f"{ENTRY}; got `leaf`"),
    ("files", [{**KEYSTORE, "parts": ["key", "leaf", "trust"]}], f"{ENTRY}; got `key, leaf, trust`"),
    (
        "files",
        [{"name": "t.p12", "format": "truststore", "parts": ["root"]}],
        "t.p12: `parts` of a truststore can only be trust; got `root`",
    ),
    (
        "files",
        [{"name": "t.pem", "parts": ["chain", "trust"]}],
        "t.pem: `parts` must be trust alone, for it is another file than the certificate's; got `chain, trust`",
    ),
    (
        "files",
        [{**PLAIN_FILE, "alias": "a", "passphrase_src": "x"}],
        f"tls.pem: `alias`, `passphrase_src` {WITHOUT} `format: pem`; leave it out",
    ),
    (
        "files",
        [{"name": "t.p12", "format": "truststore", "alias": "a"}],
        f"t.p12: `alias` {WITHOUT} `format: truststore`; leave it out",
    ),
    ("status", "echo 'open", "must be a command; its quotes do not close (No closing quotation)"),
    ("check", "", NO_COMMAND),
    ("staged_check", [], NO_COMMAND),
    ("reload", [["kill"]], "must be a text"),
    ("restart_command", True, "must be a list"),
    ("watches_files", None, "must be true or false; `None` is neither"),
    ("references", {"a": 1}, "must be a list"),
    (
        "trust_content",
        "",
        NO_TRUST,
    ),
    ("trust_src", [1, None], "must be a text"),
    ("trust", [], "must name at least one CA; leave it out to trust that of the certificate"),
    ("crl_content", "", NO_LIST),
    ("crl_src", [1, None], "must be a text"),
]


@pytest.mark.parametrize(("word", "value", "expected"), READ)
def test_what_a_word_becomes(word: str, value: object, expected: object) -> None:
    assert expected == SERVICE_KINDS[word](value)


@pytest.mark.parametrize(("word", "value", "message"), REFUSED)
def test_what_a_word_wants(word: str, value: object, message: str) -> None:
    with pytest.raises(WordError) as refused:
        SERVICE_KINDS[word](value)

    assert message == str(refused.value)


def test_a_passphrase_is_read_with_the_salt_that_it_brings_and_never_quoted() -> None:
    (salted,), (plain,) = (
        SERVICE_KINDS["files"]([{**KEYSTORE, "passphrase": given}]) for given in (SALTED, "sesame street")
    )
    assert (SALTED, KeystorePassphrase("sesame street")) == (salted.passphrase, plain.passphrase)
    assert "sesame" not in repr((salted, plain))


def test_both_tables_are_complete() -> None:
    assert {word for word, _value, _expected in READ} == set(SERVICE_KINDS)
    assert {word for word, _value, _message in REFUSED} == set(SERVICE_KINDS)


@pytest.mark.parametrize(
    ("kinds", "kind", "ours", "theirs"),
    [
        # A file with a passphrase never gets here; what is recorded of one is nobody's word
        pytest.param(
            FILE_KINDS,
            ServiceFile,
            {"trusted", "trusted_pem", "lists", "passphrase_digest"},
            {"passphrase_src"},
            id="file",
        ),
        pytest.param(PROBE_KINDS, Probe, set(), set(), id="probe"),
    ],
)
def test_the_words_of_a_part_are_its_fields(
    kinds: Mapping[str, Kind], kind: type[ServiceFile | Probe], ours: set[str], theirs: set[str]
) -> None:
    assert set(kinds) - theirs == set(kind.__dataclass_fields__) - ours
