# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Letters to a real mail server on loopback."""

from __future__ import annotations

import ssl
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.renewal_mail import Letter
from ansible_collections.certwright.tls.plugins.plugin_utils._mail import MailError, MailServer
from ansible_collections.certwright.tls.tests.unit.authority import ca
from ansible_collections.certwright.tls.tests.unit.mail_sink import MailSink

NOW = datetime.now(timezone.utc).replace(microsecond=0)
LETTER = Letter("it@a.example", "TLS certificates: 1 failed", "- web1 a: Prüfung\n")
LIFE = {"not_before": NOW - timedelta(days=1), "not_after": NOW + timedelta(days=1)}


def connect(sink: MailSink, **words: Any) -> MailServer:
    common = {"host": "localhost", "sender": "tls@a.example", "encryption": "none", "timeout": 5.0}
    return MailServer(port=sink.port, **{**common, **words})


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """Of a server for `localhost` whose root the controller trusts."""
    issued = ca(**LIFE).issue("localhost", **LIFE)
    for name, content in {"a.pem": issued.pem, "a.key": issued.key_pem, "ca.pem": issued.ca_pem}.items():
        (tmp_path / name).write_bytes(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(tmp_path / "a.pem", tmp_path / "a.key")
    return served


def test_a_letter_arrives_as_it_was_written() -> None:
    with MailSink() as sink:
        connect(sink).send([LETTER], now=NOW)
    (mail,) = sink.mails
    assert (mail["From"], mail["To"], mail["Subject"]) == ("tls@a.example", LETTER.to, LETTER.subject)
    assert (mail["Date"].datetime, mail["Auto-Submitted"]) == (NOW, "auto-generated")
    assert mail.get_content().replace("\r\n", "\n") == LETTER.text


def test_one_refused_address_does_not_keep_the_others_from_theirs() -> None:
    other = Letter("other@a.example", "s", "t")
    with MailSink(refused=[LETTER.to]) as sink, pytest.raises(MailError, match=r"it@a\.example: .*nobody of that name"):
        connect(sink).send([LETTER, other], now=NOW)
    assert [mail["To"] for mail in sink.mails] == ["other@a.example"]


def test_a_login_goes_over_an_encrypted_line(context: ssl.SSLContext) -> None:
    with MailSink(context=context, password="secret") as sink:
        connect(sink, encryption="starttls", user="tls", password="secret").send([LETTER], now=NOW)
    assert (len(sink.mails), sink.logins) == (1, [("tls", "secret")])


@pytest.mark.parametrize(
    ("words", "fact"),
    [
        pytest.param({"encryption": "starttls", "user": "tls", "password": "not-it"}, "535", id="a wrong password"),
        pytest.param({"encryption": "starttls", "host": "127.0.0.1"}, "CERTIFICATE_VERIFY_FAILED", id="another name"),
        pytest.param({"encryption": "tls"}, "took no mail", id="no TLS from the first byte"),
    ],
)
def test_a_server_that_cannot_be_trusted_or_does_not_trust_us_gets_no_mail(
    context: ssl.SSLContext, words: dict[str, Any], fact: str
) -> None:
    with MailSink(context=context, password="secret") as sink, pytest.raises(MailError, match=fact) as refusal:
        connect(sink, **words).send([LETTER], now=NOW)
    assert (sink.mails, "not-it" in str(refusal.value)) == ([], False)


def test_a_password_outside_of_ascii_is_told_and_not_repeated(context: ssl.SSLContext) -> None:
    with MailSink(context=context) as sink, pytest.raises(MailError, match="password of ASCII characters") as refusal:
        connect(sink, encryption="starttls", user="tls", password="geh\xe4im").send([LETTER], now=NOW)
    assert (sink.mails, "\xe4" in str(refusal.value)) == ([], False)


def test_a_server_without_starttls_gets_no_mail_in_the_clear() -> None:
    with MailSink() as sink, pytest.raises(MailError, match="STARTTLS"):
        connect(sink, encryption="starttls").send([LETTER], now=NOW)
    assert sink.mails == []


def test_a_server_that_is_not_there_is_named() -> None:
    with MailSink() as sink:
        pass
    with pytest.raises(MailError, match=f"localhost:{sink.port} took no mail"):
        connect(sink).send([LETTER], now=NOW)


def test_a_password_is_in_no_representation() -> None:
    assert "secret" not in repr(MailServer("a.example", "tls@a.example", password="secret"))
