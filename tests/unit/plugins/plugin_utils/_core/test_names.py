# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.names import (
    covers,
    find_covered_by_common_name,
    find_ignored_name,
    load_name,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice


@pytest.mark.parametrize(
    ("text", "name"),
    [
        pytest.param("www.example.org", "www.example.org", id="plain"),
        pytest.param(" WWW.Example.ORG. ", "www.example.org", id="upper case, blanks, final dot"),
        pytest.param("db01", "db01", id="one label"),
        pytest.param("my_host.lan", "my_host.lan", id="underscore"),
        pytest.param("*.example.org", "*.example.org", id="wildcard"),
        pytest.param("bücher.example", "xn--bcher-kva.example", id="Unicode"),
        pytest.param("BÜCHER.example", "xn--bcher-kva.example", id="Unicode in upper case"),
        pytest.param("*.bücher.example", "*.xn--bcher-kva.example", id="Unicode below a wildcard"),
        pytest.param("straße.example", "xn--strae-oqa.example", id="IDNA 2008 keeps the sharp s"),
        pytest.param("xn--bcher-kva.example", "xn--bcher-kva.example", id="A-label"),
        pytest.param("日本。example", "xn--wgv71a.example", id="ideographic full stop"),
        pytest.param("10.0.0.1", "10.0.0.1", id="IPv4"),
        pytest.param("2001:DB8:0:0::1", "2001:db8::1", id="IPv6"),
        pytest.param("[2001:db8::1]", "2001:db8::1", id="IPv6 in brackets"),
        pytest.param("a." * 125 + "abc", "a." * 125 + "abc", id="253 characters"),
    ],
)
def test_a_name_has_one_spelling(text: str, name: str) -> None:
    assert load_name(text) == (name, None)


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        pytest.param(
            "https://admin:secret@www.example.org/path?x#y",
            "www.example.org",
            "Of a URL only the host name counts: www.example.org",
            id="URL with a password",
        ),
        pytest.param(
            "HTTPS://WWW.example.org:8443",
            "www.example.org",
            "Of a URL and port 8443 only the host name counts: www.example.org",
            id="URL with a port",
        ),
        pytest.param(
            "www.example.org:8443",
            "www.example.org",
            "Of port 8443 only the host name counts: www.example.org",
            id="port without a scheme",
        ),
        pytest.param("imaps://[::1]:993", "::1", "Of a URL and port 993 only the host name counts: ::1", id="IPv6"),
    ],
)
def test_a_url_is_stripped_with_a_notice(text: str, name: str, message: str) -> None:
    assert load_name(text) == (name, Notice("name_stripped", message))


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        pytest.param("", "The name `` has an empty label", id="empty"),
        pytest.param("a..example", "The name `a..example` has an empty label", id="empty label"),
        pytest.param(
            "a b.example",
            "The name `a b.example` has the label `a b`, where only letters, digits and inner hyphens are allowed",
            id="blank",
        ),
        pytest.param(
            "a.example\nb.example",
            "The name `a.example\\nb.example` has the label `example\\nb`, where only letters, digits and inner "
            "hyphens are allowed",
            id="two lines",
        ),
        pytest.param(
            "-a.example",
            "The name `-a.example` has the label `-a`, where only letters, digits and inner hyphens are allowed",
            id="hyphen first",
        ),
        pytest.param(
            "a" * 64 + ".example",
            f"The name `{'a' * 64}.example` has a label of more than 63 characters",
            id="long label",
        ),
        pytest.param(
            "a." * 125 + "abcd",
            f"The name `{('a.' * 125)[:80]}` is longer than 253 characters",
            id="254 characters",
        ),
        pytest.param("a" * 3000, f"The name `{'a' * 80}` is longer than 253 characters", id="absurdly long"),
        pytest.param(
            "www.*.example",
            "The name `www.*.example` has a wildcard elsewhere than as its whole first label",
            id="wildcard inside",
        ),
        pytest.param(
            "w*.example.org",
            "The name `w*.example.org` has a wildcard elsewhere than as its whole first label",
            id="partial wildcard",
        ),
        pytest.param("*", "The name `*` has a wildcard elsewhere than as its whole first label", id="bare wildcard"),
        pytest.param("300.1.1.1", "The name `300.1.1.1` ends in a number and is no address", id="no address"),
        pytest.param(
            "fe80::1%eth0",
            "The name `fe80::1%eth0` has the label `fe80::1%eth0`, where only letters, digits and inner hyphens are "
            "allowed",
            id="address with a zone",
        ),
        pytest.param(
            "a\u0378.example",
            "The name `a\\u0378.example` has characters that IDNA does not allow",
            id="unassigned character",
        ),
        pytest.param("https://admin:secret@/", "The URL has an empty label", id="URL without a host"),
    ],
)
def test_what_is_no_name_is_refused_with_the_fact(text: str, fact: str) -> None:
    with pytest.raises(UnusableError) as refused:
        load_name(text)
    assert refused.value.code == "name_invalid"
    assert refused.value.message == f"{fact}; give a host name such as www.example.org or an IP address"


@pytest.mark.parametrize(
    ("certificate_names", "name", "expected"),
    [
        pytest.param(["a.example", "b.example"], "b.example", True, id="among the names"),
        pytest.param(["a.example"], "b.example", False, id="not among the names"),
        pytest.param([], "a.example", False, id="no names"),
        pytest.param(["*.example.org"], "www.example.org", True, id="wildcard"),
        pytest.param(["*.example.org"], "example.org", False, id="wildcard is not the domain itself"),
        pytest.param(["*.example.org"], "a.b.example.org", False, id="wildcard is one level"),
        pytest.param(["*.example.org"], "*.example.org", True, id="wildcard declared"),
        pytest.param(["www.example.org"], "*.example.org", False, id="wildcard declared, not there"),
        pytest.param(["w*.example.org"], "www.example.org", False, id="partial wildcard"),
        pytest.param(["*"], "localhost", False, id="bare wildcard"),
        pytest.param(["*.lan"], "db.lan", False, id="wildcard above one label"),
        pytest.param(["*.xn--bcher-kva.example"], "www.xn--bcher-kva.example", True, id="wildcard above an A-label"),
        pytest.param(["10.0.0.1"], "10.0.0.1", True, id="IPv4"),
        pytest.param(["2001:db8:0::1"], "2001:db8::1", True, id="IPv6 by value"),
        pytest.param(["10.0.0.2", "a.example"], "10.0.0.1", False, id="another address"),
        pytest.param(["*.0.0.1"], "10.0.0.1", False, id="wildcard never covers an address"),
    ],
)
def test_which_names_a_certificate_covers(certificate_names: list[str], name: str, expected: bool) -> None:
    assert covers(certificate_names, name) is expected


@pytest.mark.parametrize(
    ("common_name", "names", "expected"),
    [
        pytest.param("Old.example.org", (), "old.example.org", id="host name"),
        pytest.param("old.example.org", ("*.example.org",), None, id="covered"),
        pytest.param("Example Ltd. Server", (), None, id="no host name"),
        pytest.param("server1", (), None, id="one label may be anything"),
        pytest.param(None, (), None, id="no common name"),
    ],
)
def test_a_common_name_that_somebody_may_count_on_is_found(
    common_name: str | None, names: tuple[str, ...], expected: str | None
) -> None:
    assert find_ignored_name(common_name, names) == expected


@pytest.mark.parametrize(
    ("common_name", "expected"),
    [
        pytest.param("A.Example", "a.example", id="covered"),
        pytest.param("c.example", None, id="not"),
        pytest.param(None, None, id="none"),
    ],
)
def test_a_declared_name_is_found_in_the_common_name(common_name: str | None, expected: str | None) -> None:
    assert find_covered_by_common_name(common_name, ["b.example", "a.example"]) == expected
