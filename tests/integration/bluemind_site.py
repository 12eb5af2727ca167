# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""BlueMind's layout below a directory, as far as its sources tell it: a real nginx and a real postfix are configured as
it configures them, and its programs are stood in for by scripts that read what it reads.

BlueMind itself cannot be installed here. `configure-nginx.sh` writes the vhosts by the files that are there when it
runs, `bm-systemd.sh startPre` calls it, and `bm-cli` checks, writes and reloads in the order of the product.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.certwright.tls.tests.integration.preset_servers import Postfix
from ansible_collections.certwright.tls.tests.integration.servers import Nginx, free_port, served
from ansible_collections.certwright.tls.tests.integration.site import Site, Supplied

MAIL_MODULE = Path("/usr/lib/nginx/modules/ngx_mail_module.so")
SYSTEM, OTHER = "www.example.org", "pop.example.org"

CONFIGURE = """\
set -eu
echo configured >>"{log}"
vhost() {{
    printf 'server {{ listen 127.0.0.1:%s ssl; server_name %s; ssl_certificate %s; ssl_certificate_key %s; }}\\n' \
        "{port}" "$1" "$2" "$2"
}}
global="{root}/etc/ssl/certs/bm_cert.pem"
url=$(sed -n 's/^external-url *= *//p' "{root}/etc/bm/bm.ini")
vhost "$url" "$global" >"{bluemind}/bluemind-vhosts.conf"
while IFS=: read -r uid url _default _others; do
    [ -n "$url" ] || continue
    own="{root}/etc/ssl/certs/bm_cert-$uid.pem"
    [ -e "$own" ] || own=$global
    mkdir -p "{bluemind}/$uid"
    vhost "$url" "$own" >"{bluemind}/$uid/bluemind-vhosts.conf"
done <"{root}/etc/bm/domains-settings"
"""

# As com.bluemind's CertifEngine: the parts, the CA text, the chain, the key; then every server's files, then the hooks.
CLI = """\
set -eu
echo "$@" >>"{log}"
[ "$1 $2" = "certificate file-cert" ]
shift 2
domain=global.virt
while [ $# -gt 0 ]; do
    case $1 in
    --ca) ca=$2 ;; --cert) cert=$2 ;; --key) key=$2 ;; --domain) domain=$2 ;;
    *) echo "Unknown option $1"; exit 2 ;;
    esac
    shift 2
done
[ -e "$ca" ] || {{ echo "CA file is missing."; exit 2; }}
[ -e "$cert" ] || {{ echo "Certificate file is missing."; exit 2; }}
[ -e "$key" ] || {{ echo "Private key file is missing."; exit 2; }}
if [ ! -s "$ca" ] || [ ! -s "$cert" ] || [ ! -s "$key" ]; then echo "All files are mandatory"; exit 1; fi
name=bm_cert
if [ "$domain" != global.virt ]; then
    grep -q "^$domain:" "{root}/etc/bm/domains-settings" || {{ echo "Domain '$domain' not found"; exit 1; }}
    name=bm_cert-$domain
fi
openssl verify -partial_chain -trusted "$ca" "$cert" >/dev/null || {{ echo "Certificate path not valid"; exit 1; }}
! openssl x509 -in "$cert" -noout -text | grep -q CA:TRUE ||
    {{ echo "Certificate is not a certificate but a CA"; exit 1; }}
[ "$(openssl pkey -in "$key" -pubout)" = "$(openssl x509 -in "$cert" -noout -pubkey)" ] ||
    {{ echo "private key doesnt correspond to certificate"; exit 1; }}
mkdir -p "{root}/etc/bm/certs" "{root}/var/lib/bm-ca"
for directory in "{root}/etc/ssl/certs" "{root}/etc/bm/certs"; do
    {{ cat "$cert"; echo; cat "$key"; echo; cat "$ca"; }} >"$directory/.nc_file"
    mode=644
    if [ -e "$directory/$name.pem" ]; then mode=$(stat -c %a "$directory/$name.pem"); fi
    chmod "$mode" "$directory/.nc_file"
    mv "$directory/.nc_file" "$directory/$name.pem"
done
[ "$domain" != global.virt ] || cp "$ca" "{root}/var/lib/bm-ca/cacert.pem"
echo "$domain=FILE" >>"{root}/etc/bm/database"
if [ -e "{root}/etc/bm/broken" ]; then
    rm "{root}/etc/bm/broken"
    echo "error during postfix reload"
    exit 1
fi
{hooks}
"""


class BlueMind:
    """`root` holds what is below `/` on a host of BlueMind."""

    def __init__(self, site: Site, nginx: Nginx) -> None:
        if not MAIL_MODULE.exists():
            pytest.fail(f"{MAIL_MODULE} is needed: apt-get install --no-install-recommends libnginx-mod-mail")
        self.site, self.nginx, self.root = site, nginx, site.tls
        self.postfix = Postfix(site.host / "postfix", site.run_directory / "postfix")
        self.imap, self.imaps = free_port(), free_port()
        self.generated, self.log = nginx.config.parent / "bluemind", site.root / "bluemind.log"
        self.certs, self.copies = self.root / "etc/ssl/certs", self.root / "etc/bm/certs"
        self.certificate, self.ca_file = self.certs / "bm_cert.pem", self.root / "var/lib/bm-ca/cacert.pem"

    def install(self, *domains: str) -> None:
        """As the product does: a certificate of its own that everybody may read, and neither folder for copies."""
        for directory in (self.certs, self.root / "etc/bm", self.ca_file.parents[1], self.generated):
            directory.mkdir(parents=True)
        issued = self.site.make(SYSTEM)
        self.certificate.write_bytes(issued.pem + b"\n" + issued.key_pem + b"\n" + issued.ca_pem)
        self.certificate.chmod(0o644)
        self.write_settings(*domains)
        words = {"root": self.root, "bluemind": self.generated, "port": self.nginx.port, "log": self.log}
        share = self.root / "usr/share"
        configure = self._program(share / "bm-client-access/bin/configure-nginx.sh", CONFIGURE.format(**words))
        start = self._program(share / "nginx/bm-systemd.sh", f'[ "$1" = startPre ] && exec "{configure}"')
        self._configure_nginx()
        subprocess.run([start, "startPre"], check=True)
        self._configure_postfix()
        self.nginx.start()
        self.postfix.start()

    def write_settings(self, *domains: str, external_url: str = SYSTEM, other_urls: str = "") -> None:
        """`/etc/bm/bm.ini` and `/etc/bm/domains-settings`."""
        (self.root / "etc/bm/bm.ini").write_text(
            f"[global]\nexternal-url = {external_url}\nother-urls = {other_urls}\n"
        )
        lines = [f"{domain}:www.{domain}:{domain}:\n" for domain in domains]
        (self.root / "etc/bm/domains-settings").write_text("".join(lines), encoding="utf-8")

    def install_cli(self) -> str:
        """With the hooks that it fires: vhosts and nginx, then postfix."""
        startup = f'"{self.root}/usr/share/nginx/bm-systemd.sh" startPre'
        nginx = " ".join(self.nginx.command("-s", "reload"))
        hooks = f"{startup}\n{nginx}\npostfix -c {self.postfix.home} reload"
        text = CLI.format(root=self.root, log=self.site.root / "bm-cli.log", hooks=hooks)
        return self._program(self.root / "usr/bin/bm-cli", text)

    def _program(self, path: Path, text: str) -> str:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\nPATH=$PATH:/usr/sbin:/sbin\n{text}\n", encoding="utf-8")
        path.chmod(0o755)
        return str(path)

    def _configure_nginx(self) -> None:
        places = " ".join(
            f"{kind}_temp_path {self.nginx.run / kind};"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        both = f"ssl_certificate {self.certificate}; ssl_certificate_key {self.certificate}"
        self.nginx.config.write_text(
            f"load_module {MAIL_MODULE};\n"
            f"pid {self.nginx.pid_file}; error_log {self.nginx.run / 'error.log'} info; events {{}}\n"
            f"http {{ access_log {self.nginx.run / 'access.log'}; {places}\n"
            f"include {self.generated}/*.conf; include {self.generated}/*/*.conf; }}\n"
            f"mail {{ auth_http 127.0.0.1:1/; {both};\n"
            f"server {{ listen 127.0.0.1:{self.imaps} ssl; protocol imap; }}\n"
            f"server {{ listen 127.0.0.1:{self.imap}; protocol imap; starttls on; }} }}\n",
            encoding="utf-8",
        )

    def _configure_postfix(self) -> None:
        """In main.cf, and again where master.cf says it over that."""
        self.postfix.configure({"combined.pem": self.certificate})
        for name, form in (("main.cf", "{} = {}\n"), ("master.cf", "  -o {}={}\n")):
            path, told = self.postfix.home / name, "smtpd_tls_chain_files"
            words = {"smtpd_tls_cert_file": self.certificate, "smtpd_tls_key_file": self.certificate}
            text = "".join(form.format(word, value) for word, value in words.items())
            path.write_text(path.read_text(encoding="utf-8").replace(form.format(told, self.certificate), text))
        with (self.postfix.home / "main.cf").open("a", encoding="utf-8") as file:
            file.write(f"smtpd_tls_CAfile = {self.ca_file}\n")

    @property
    def smtp_words(self) -> dict[str, Any]:
        probes = [{"port": self.postfix.smtp, "starttls": "smtp"}, {"port": self.postfix.smtps}]
        return {**self.postfix.words, "probes": probes}

    def service(self, **words: Any) -> dict[str, Any]:
        """As files, unless said otherwise."""
        probes = [{"port": self.nginx.port}, {"port": self.imaps}, {"port": self.imap, "starttls": "imap"}]
        words = {"via": "files", "probes": probes, "postfix": self.smtp_words, **words}
        process = {"config": str(self.nginx.config), "pid_file": str(self.nginx.pid_file)}
        return {"bluemind": {"root": str(self.root), **process, **words}}

    def system(self, supplied: Supplied, **words: Any) -> dict[str, Any]:
        options = {word: words.pop(word) for word in ("probe_timeout",) if word in words}
        return self.site.install(supplied, self.service(**words), **options)

    def domains(self, *entries: dict[str, Any], **options: Any) -> dict[str, Any]:
        words = {"store_path": str(self.site.store), "domains": list(entries), **options}
        return {"certwright.tls.domain_certificate": words}

    def domain(self, name: str, supplied: Supplied, **words: Any) -> dict[str, Any]:
        service = self.service(**{"probes": [{"port": self.nginx.port}], **words})
        del service["bluemind"]["postfix"]
        return {"domain": name, "external_url": f"www.{name}", "services": [service], **supplied.words}

    def break_vhosts_of_domains(self) -> None:
        """From now on nginx refuses whatever names a file of a domain."""
        script = self.root / "usr/share/bm-client-access/bin/configure-nginx.sh"
        broken = "own=$global\n    [ $own = $global ] || url='x;;'\n"
        script.write_text(script.read_text(encoding="utf-8").replace("own=$global\n", broken), encoding="utf-8")

    @contextlib.contextmanager
    def deaf_nginx(self) -> Iterator[None]:
        """It goes on serving what it has, whatever it is told."""
        os.kill(self.nginx.pid, signal.SIGSTOP)
        yield
        os.kill(self.nginx.pid, signal.SIGCONT)

    def break_hooks(self) -> None:
        """Once, after the files of all servers are written."""
        (self.root / "etc/bm/broken").touch()

    @property
    def database(self) -> list[str]:
        """Which engines the product has on record, in the order of its changes."""
        return (self.root / "etc/bm/database").read_text(encoding="utf-8").split()

    def count_reloads(self) -> int:
        """Of nginx and postfix together, by what they log."""
        nginx = (self.nginx.run / "error.log").read_text(encoding="utf-8").count("reconfiguring")
        postfix = (self.postfix.run / "data/log").read_text(encoding="utf-8").count("reload --")
        return nginx + postfix

    def path(self, domain: str) -> Path:
        return self.certs / f"bm_cert-{domain}.pem"

    def vhost(self, domain: str) -> str:
        return (self.generated / domain / "bluemind-vhosts.conf").read_text(encoding="utf-8")

    @property
    def configured(self) -> int:
        """How often the vhosts were generated."""
        return self.log.read_text(encoding="utf-8").count("configured")

    def served(self) -> set[str]:
        """By HTTPS, IMAP and SMTP for the system's name."""
        imap = self.postfix.served_on(self.imap, "imap")
        return {self.nginx.served(), served(self.imaps), imap, *self.postfix.served()}

    def stop(self) -> None:
        self.postfix.stop()
        shutil.rmtree(self.postfix.run / "spool", ignore_errors=True)
