# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module that writes mail: where its password comes from."""

from __future__ import annotations

import ssl
from dataclasses import replace

from ansible_collections.certwright.tls.tests.integration.site import Site
from ansible_collections.certwright.tls.tests.unit.mail_sink import MailSink

FAILED = {"host": "web1", "certificate": "system", "message": "the CA said no", "is_news": True}
REPORT = {"failed": [FAILED], "expired": [], "ends_soon": [], "unreachable": []}


def test_a_password_comes_from_a_file_or_the_environment(site: Site) -> None:
    served = site.make("localhost")
    secrets = site.controller.secrets
    for name, content in {"mail.pem": served.pem, "mail.key": served.key_pem, "mail-ca.pem": served.ca_pem}.items():
        (secrets / name).write_bytes(content)
    (secrets / "password").write_text("of a file\n", encoding="utf-8")
    (secrets / "field").write_text("of a field", encoding="utf-8")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(secrets / "mail.pem", secrets / "mail.key")
    controller = replace(
        site.controller,
        environment={
            "SSL_CERT_FILE": str(secrets / "mail-ca.pem"),
            "CERTWRIGHT_MAIL_PASSWORD_SRC": str(secrets / "field"),
        },
    )
    with MailSink(context=context, password="of a field") as sink:
        common = {"host": "localhost", "port": sink.port, "sender": "tls@a.example", "to": "it@a.example"}
        words = {**common, "report": REPORT, "user": "tls"}
        tasks = [
            {"certwright.tls.renewal_mail": words},
            {
                "certwright.tls.renewal_mail": {**words, "password_src": str(secrets / "password")},
                "ignore_errors": True,
            },
            {"certwright.tls.renewal_mail": {**words, "password_src": str(secrets / "none")}, "ignore_errors": True},
        ]
        play = [{"hosts": "all", "gather_facts": False, "tasks": tasks}]
        told = controller.start(play, variables={}).finish()
    assert [login[1] for login in sink.logins] == ["of a field", "of a file"], told.output
    assert len(sink.mails) == 1
    _sent, refused, unread = told.results
    assert "535" in refused["msg"]
    assert unread["msg"].startswith(f"the mail server: The file {secrets / 'none'} cannot be read")
