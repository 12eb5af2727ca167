# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from ansible_collections.certwright.tls.plugins.module_utils._host import renewers
from ansible_collections.certwright.tls.plugins.module_utils._host.renewers import find_neighbours
from ansible_collections.certwright.tls.plugins.module_utils._host.schedules import HostTree, find_schedule
from ansible_collections.certwright.tls.tests.unit.plugins.module_utils._host.host_material import openssl, pair

WWW, OTHER = pair(), pair("RSA", "other.example.com")
Tree = dict[str, "str | None"]

CERTBOT = """# renew_before_expiry = 30 days
version = 2.1.0
archive_dir = /etc/letsencrypt/archive/www
cert = /etc/letsencrypt/live/www/cert.pem
privkey = /etc/letsencrypt/live/www/privkey.pem
chain = /etc/letsencrypt/live/www/chain.pem
fullchain = /etc/letsencrypt/live/www/fullchain.pem

# Options used in the renewal process
[renewalparams]
account = 0123456789abcdef
authenticator = webroot
server = https://acme-v02.api.letsencrypt.org/directory
[[webroot_map]]
www.example.com = /var/www/html
fullchain = /not/this
"""
DEBIAN_CRON = """# crontab entries for the certbot package
SHELL=/bin/sh
0 */12 * * * root test -x /usr/bin/certbot -a \\! -d /run/systemd/system && certbot -q renew
"""
ACME_SH = """Le_Domain='www.example.com'
Le_Alt='no'
Le_Webroot='/var/www/html'
Le_Keylength='ec-256'
Le_RealCertPath=''
Le_RealCACertPath=''
Le_RealKeyPath='{key}'
Le_ReloadCmd='__ACME_BASE64__START_c3lzdGVtY3RsIHJlbG9hZCBuZ2lueA==__ACME_BASE64__END_'
Le_RealFullChainPath='{certificate}'
"""
CERTMONGER = """id=20261121211545
key_type=RSA
 key_storage_location=/not/this
key_storage_type=FILE
key_storage_location=/etc/pki/tls/private/www.key
cert_storage_type=FILE
cert_storage_location=/etc/pki/tls/certs/www.crt
template_subject=CN=www.example.com
monitor=1
autorenew={autorenew}
state=MONITORING
ca_name=IPA
"""
CRONTAB = '56 0 * * * "/root/.acme.sh"/acme.sh --cron --home "/root/.acme.sh" > /dev/null\n'
TIMERS = "etc/systemd/system/timers.target.wants"
JOB = "the daily job of BlueMind, when its engine is Let's Encrypt"
RENEWAL = "etc/letsencrypt/renewal/www.conf"
CERTBOT_FILES: Tree = {RENEWAL: CERTBOT, "etc/letsencrypt/live/www/fullchain.pem": WWW.text + OTHER.text}
CERTBOT_FOUND = (
    "certbot",
    "/etc/letsencrypt/live/www/fullchain.pem",
    "/etc/letsencrypt/live/www/privkey.pem",
    f"/{RENEWAL}",
)
OWN = "root/.acme.sh/www.example.com_ecc"
DEHYDRATED = "dehydrated/certs/www.example.com/fullchain.pem"

HOSTS: dict[str, tuple[Tree, tuple[str, ...]]] = {
    "certbot and its timer": (
        {**CERTBOT_FILES, f"{TIMERS}/certbot.timer": None, "etc/cron.d/certbot": DEBIAN_CRON},
        (*CERTBOT_FOUND, "certbot.timer"),
    ),
    "certbot from a snap": (
        {**CERTBOT_FILES, f"{TIMERS}/snap.certbot.renew.timer": None},
        (*CERTBOT_FOUND, "snap.certbot.renew.timer"),
    ),
    "certbot of Fedora": (
        {**CERTBOT_FILES, f"{TIMERS}/certbot-renew.timer": None},
        (*CERTBOT_FOUND, "certbot-renew.timer"),
    ),
    "certbot that cron runs": (
        {**CERTBOT_FILES, "etc/cron.d/certbot": DEBIAN_CRON},
        (*CERTBOT_FOUND, "/etc/cron.d/certbot"),
    ),
    "certbot of Debian whose timer is off": (
        {**CERTBOT_FILES, "etc/cron.d/certbot": DEBIAN_CRON, "run/systemd/system/x": ""},
        (*CERTBOT_FOUND, ""),
    ),
    "certbot whose timer is masked": (
        {**CERTBOT_FILES, f"{TIMERS}/certbot.timer": None, "etc/systemd/system/certbot.timer": None},
        (*CERTBOT_FOUND, ""),
    ),
    "certbot in a line of /etc/crontab": (
        {**CERTBOT_FILES, "etc/crontab": "# certbot\n0 1 * * * root /opt/certbot/bin/certbot renew\n"},
        (*CERTBOT_FOUND, "/etc/crontab"),
    ),
    "certbot that nothing runs": (
        {**CERTBOT_FILES, "etc/cron.daily/backup": "tar c /var/lib/mycertbot\n# certbot renew\n"},
        (*CERTBOT_FOUND, ""),
    ),
    "certbot that was told not to renew it": (
        {
            **CERTBOT_FILES,
            RENEWAL: CERTBOT.replace("account", "autorenew = False\naccount"),
            f"{TIMERS}/certbot.timer": None,
        },
        (*CERTBOT_FOUND, ""),
    ),
    "certbot without a full chain": (
        {
            RENEWAL: "cert = '/etc/letsencrypt/live/www/cert.pem'\nprivkey = /k\n",
            "etc/letsencrypt/live/www/cert.pem": WWW.text,
        },
        ("certbot", "/etc/letsencrypt/live/www/cert.pem", "/k", f"/{RENEWAL}", ""),
    ),
    "acme.sh that installs elsewhere": (
        {
            f"{OWN}/www.example.com.conf": ACME_SH.format(certificate="/etc/nginx/www.pem", key="/etc/nginx/www.key"),
            f"{OWN}/www.example.com.csr.conf": "[req_distinguished_name]\n[req]\n",
            "etc/nginx/www.pem": WWW.text,
            "var/spool/cron/crontabs/root": CRONTAB,
        },
        ("acme.sh", "/etc/nginx/www.pem", "/etc/nginx/www.key", f"/{OWN}/www.example.com.conf", "crontab of root"),
    ),
    "acme.sh that keeps it": (
        {
            f"{OWN}/www.example.com.conf": ACME_SH.format(certificate="", key=""),
            f"{OWN}/fullchain.cer": WWW.text,
            "var/spool/cron/root": CRONTAB,
        },
        (
            "acme.sh",
            f"/{OWN}/fullchain.cer",
            f"/{OWN}/www.example.com.key",
            f"/{OWN}/www.example.com.conf",
            "crontab of root",
        ),
    ),
    "acme.sh of SUSE": (
        {
            f"{OWN}/www.example.com.conf": ACME_SH.format(certificate="", key=""),
            f"{OWN}/fullchain.cer": WWW.text,
            "var/spool/cron/tabs/root": CRONTAB,
        },
        (
            "acme.sh",
            f"/{OWN}/fullchain.cer",
            f"/{OWN}/www.example.com.key",
            f"/{OWN}/www.example.com.conf",
            "crontab of root",
        ),
    ),
    "dehydrated of Debian": (
        {
            f"var/lib/{DEHYDRATED}": WWW.text,
            "etc/dehydrated/domains.txt": "www.example.com\n",
            "etc/cron.d/dehydrated": "0 1 * * * root /usr/bin/dehydrated -c\n",
        },
        (
            "dehydrated",
            f"/var/lib/{DEHYDRATED}",
            "/var/lib/dehydrated/certs/www.example.com/privkey.pem",
            "/etc/dehydrated/domains.txt",
            "/etc/cron.d/dehydrated",
        ),
    ),
    "dehydrated by itself": (
        {f"etc/{DEHYDRATED}": WWW.text},
        (
            "dehydrated",
            f"/etc/{DEHYDRATED}",
            "/etc/dehydrated/certs/www.example.com/privkey.pem",
            "/etc/dehydrated",
            "",
        ),
    ),
    "certmonger": (
        {
            "var/lib/certmonger/requests/20261121211545": CERTMONGER.format(autorenew=1),
            "etc/pki/tls/certs/www.crt": WWW.text,
            "etc/systemd/system/multi-user.target.wants/certmonger.service": None,
        },
        (
            "certmonger",
            "/etc/pki/tls/certs/www.crt",
            "/etc/pki/tls/private/www.key",
            "/var/lib/certmonger/requests/20261121211545",
            "certmonger.service",
        ),
    ),
    "certmonger that is off": (
        {
            "var/lib/certmonger/requests/1": CERTMONGER.format(autorenew=1),
            "etc/pki/tls/certs/www.crt": WWW.text,
        },
        (
            "certmonger",
            "/etc/pki/tls/certs/www.crt",
            "/etc/pki/tls/private/www.key",
            "/var/lib/certmonger/requests/1",
            "",
        ),
    ),
    "certmonger that only watches": (
        {
            "var/lib/certmonger/requests/1": CERTMONGER.format(autorenew=0),
            "etc/pki/tls/certs/www.crt": WWW.text,
            "etc/systemd/system/multi-user.target.wants/certmonger.service": None,
        },
        (
            "certmonger",
            "/etc/pki/tls/certs/www.crt",
            "/etc/pki/tls/private/www.key",
            "/var/lib/certmonger/requests/1",
            "",
        ),
    ),
    "lego": (
        {
            "etc/lego/certificates/www.example.com.crt": WWW.text + OTHER.text,
            "etc/lego/certificates/www.example.com.issuer.crt": WWW.text,
            "etc/lego/certificates/www.example.com.key": WWW.private_key.decode(),
            f"{TIMERS}/lego.timer": None,
        },
        (
            "lego",
            "/etc/lego/certificates/www.example.com.crt",
            "/etc/lego/certificates/www.example.com.key",
            "/etc/lego/certificates/www.example.com.json",
            "lego.timer",
        ),
    ),
    "BlueMind": (
        {
            "etc/bm/bm.ini": "[global]\n",
            "etc/ssl/certs/bm_cert-example.com.pem": WWW.text + WWW.private_key.decode() + OTHER.text,
            "etc/ssl/certs/other.pem": WWW.text,
        },
        (
            "bluemind",
            "/etc/ssl/certs/bm_cert-example.com.pem",
            "/etc/ssl/certs/bm_cert-example.com.pem",
            "/etc/bm/bm.ini",
            JOB,
        ),
    ),
}


def plant(root: Path, tree: Tree) -> None:
    """Text is a file, None is what systemd links to: /dev/null for a unit, a path of the host else."""
    for name, content in tree.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is not None:
            path.write_text(content, encoding="utf-8")
        else:
            path.symlink_to("/lib/systemd/system/unit" if ".wants/" in name else "/dev/null")


@pytest.mark.parametrize(("tree", "expected"), HOSTS.values(), ids=HOSTS)
def test_another_renewer_is_found_with_what_runs_it(tmp_path: Path, tree: Tree, expected: tuple[str, ...]) -> None:
    plant(tmp_path, tree)
    words = ("kind", "certificate_path", "private_key_path", "configuration", "scheduled")
    found = find_neighbours(["www.example.com"], root=str(tmp_path))
    assert [{**dict(zip(words, expected)), "certificate": WWW.text}] == found


def test_a_link_into_the_archive_is_followed(tmp_path: Path) -> None:
    plant(tmp_path, {RENEWAL: CERTBOT, "etc/letsencrypt/archive/www/fullchain1.pem": WWW.text})
    (tmp_path / "etc/letsencrypt/live/www").mkdir(parents=True)
    (tmp_path / "etc/letsencrypt/live/www/fullchain.pem").symlink_to("../../archive/www/fullchain1.pem")
    assert [WWW.text] == [item["certificate"] for item in find_neighbours(["www.example.com"], root=str(tmp_path))]


def certificate_of(directory: Path, name: str) -> str:
    options = ["-addext", f"subjectAltName={name}", "-newkey", "ed25519", "-nodes", "-subj", "/CN=x"]
    return openssl("req", "-x509", *options, "-keyout", str(directory / "key")).decode("ascii")


@pytest.mark.parametrize(
    ("covered", "asked", "is_found"),
    [
        ("DNS:www.example.com", "www.example.com", True),
        ("DNS:WWW.Example.com", "www.example.COM.", True),
        ("DNS:*.example.com", "www.example.com", True),
        ("DNS:*.example.com", "*.example.com", True),
        ("DNS:*.example.com", "a.www.example.com", False),
        ("DNS:www.example.com", "www.example.org", False),
        ("DNS:localhost", "localhost", True),
        ("DNS:example.com", "localhost", False),
        ("DNS:example.com", "", False),
        ("IP:192.0.2.7", "192.0.2.7", True),
        ("IP:192.0.2.7", "192.0.2.8", False),
        ("IP:65.66.67.68", "65.66.67.68", True),
        ("IP:2001:db8::7", "2001:0db8::0007", True),
    ],
)
def test_only_certificates_that_may_cover_a_name_are_told(
    tmp_path: Path, covered: str, asked: str, is_found: bool
) -> None:
    plant(tmp_path, {RENEWAL: CERTBOT, "etc/letsencrypt/live/www/fullchain.pem": certificate_of(tmp_path, covered)})
    assert is_found == bool(find_neighbours([asked, "unrelated.example.net"], root=str(tmp_path)))


def test_all_kinds_on_one_host_are_told_once_each(tmp_path: Path) -> None:
    for name in (
        "certbot and its timer",
        "acme.sh that keeps it",
        "dehydrated of Debian",
        "certmonger",
        "lego",
        "BlueMind",
    ):
        plant(tmp_path, HOSTS[name][0])
    kinds = [item["kind"] for item in find_neighbours(["www.example.com"], root=str(tmp_path))]
    assert kinds == ["certbot", "acme.sh", "dehydrated", "certmonger", "lego", "bluemind"]


def test_what_cannot_be_read_is_skipped(tmp_path: Path) -> None:
    broken = {
        "etc/letsencrypt/renewal/no-certificate.conf": "version = 2.1.0\n",
        "etc/letsencrypt/renewal/gone.conf": "fullchain = /etc/letsencrypt/live/gone/fullchain.pem\n",
        "etc/letsencrypt/renewal/zero.conf": "fullchain = /a\0b\n",
        "etc/letsencrypt/renewal/directory.conf/x": "",
        "etc/letsencrypt/renewal/README": CERTBOT,
        "root/.acme.sh/file": "",
        "root/.acme.sh/account.conf": "ACCOUNT_EMAIL='x'\n",
        "var/lib/dehydrated/certs/empty/privkey.pem": WWW.private_key.decode(),
        "var/lib/certmonger/requests/nss": "cert_storage_type=NSSDB\ncert_storage_location=/etc/httpd/alias\n",
        "var/lib/certmonger/requests/none": "id=1\n",
        "etc/httpd/alias/cert9.db": "",
        "etc/lego/certificates/text.crt": "Hello",
        "etc/bm": "not a directory",
    }
    plant(tmp_path, dict(broken))
    (tmp_path / "etc/letsencrypt/renewal/binary.conf").write_bytes(bytes(range(256)))
    (tmp_path / "etc/letsencrypt/renewal/link.conf").symlink_to("nowhere")
    os.mkfifo(tmp_path / "etc/letsencrypt/renewal/pipe.conf")
    (tmp_path / os.fsdecode(b"etc/letsencrypt/renewal/\xff.conf")).write_text(CERTBOT, encoding="utf-8")
    plant(tmp_path, {"etc/letsencrypt/live/www/fullchain.pem": WWW.text})
    assert find_neighbours(["www.example.com"], root=str(tmp_path)) == []


@pytest.mark.parametrize("names", [[], ["www.example.com"]], ids=["no names", "no renewers"])
def test_a_host_without_others_costs_nothing(tmp_path: Path, names: list[str]) -> None:
    begun = time.monotonic()
    for _again in range(100):
        assert find_neighbours(names, root=str(tmp_path / "none")) == []
    assert time.monotonic() - begun < 1


def test_nothing_is_looked_at_when_no_name_is_asked(tmp_path: Path) -> None:
    plant(tmp_path, CERTBOT_FILES)
    assert find_neighbours([], root=str(tmp_path)) == []


def test_no_more_certificates_are_looked_at_than_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renewers, "_MAXIMUM_CERTIFICATES", 2)
    plant(tmp_path, {f"etc/lego/certificates/{number}.crt": WWW.text for number in range(5)})
    assert len(find_neighbours(["www.example.com"], root=str(tmp_path))) == 2


def test_a_file_named_like_one_of_bluemind_is_nobodys_without_bluemind(tmp_path: Path) -> None:
    plant(tmp_path, {"etc/ssl/certs/bm_cert.pem": WWW.text})
    assert find_neighbours(["www.example.com"], root=str(tmp_path)) == []


def test_a_link_in_the_place_of_bluemind_is_not_bluemind(tmp_path: Path) -> None:
    """It writes files: a link is ours, or another product's."""
    plant(tmp_path, {"etc/bm/bm.ini": "", "store/bm_cert.pem": WWW.text, "etc/ssl/certs/other": ""})
    (tmp_path / "etc/ssl/certs/bm_cert.pem").symlink_to(tmp_path / "store/bm_cert.pem")
    assert find_neighbours(["www.example.com"], root=str(tmp_path)) == []


def test_no_key_is_told(tmp_path: Path) -> None:
    plant(tmp_path, HOSTS["BlueMind"][0])
    told = repr(find_neighbours(["www.example.com"], root=str(tmp_path)))
    assert not [line for line in WWW.private_key.decode().splitlines() if line in told]


def test_the_host_itself_can_be_asked() -> None:
    assert find_neighbours(["nobody.has.this.example"]) == []
    assert find_schedule(HostTree(), "nobody-has-this-program") == ""
