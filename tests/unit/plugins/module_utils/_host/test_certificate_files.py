# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import codecs
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ansible_collections.certwright.tls.plugins.module_utils._host import certificate_files, regular_files
from ansible_collections.certwright.tls.plugins.module_utils._host.certificate_files import (
    CertificateFile,
    find_certificate_files,
    read_certificates,
)
from ansible_collections.certwright.tls.tests.unit.plugins.module_utils._host.host_material import (
    encrypted,
    openssl,
    pair,
    pkcs7,
    pkcs12,
)

WWW, OTHER = pair(), pair("RSA", "other.example.com")
BOTH = (WWW.text, OTHER.text)
REQUEST = ("req", "-new", "-key", "/dev/stdin", "-subj", "/CN=www.example.com")


def trusted() -> bytes:
    return openssl("x509", "-trustout", "-addtrust", "serverAuth", content=WWW.certificate)


def revocations(directory: Path) -> bytes:
    (directory / "index").touch()
    (directory / "key").write_bytes(WWW.private_key)
    (directory / "certificate").write_bytes(WWW.certificate)
    (directory / "conf").write_text(
        f"[ca]\ndefault_ca=a\n[a]\ndatabase={directory}/index\ndefault_md=sha256\ndefault_crl_days=1\n",
        encoding="ascii",
    )
    options = [f"-{word}" for word in ("keyfile", "cert", "config")]
    paths = [str(directory / name) for name in ("key", "certificate", "conf")]
    return openssl("ca", "-gencrl", *(part for item in zip(options, paths) for part in item))


def keystore(directory: Path) -> bytes:
    command = ["keytool", "-genkeypair", "-storetype", "JKS", "-keystore", str(directory / "jks"), "-storepass"]
    command += ["changeit", "-keypass", "changeit", "-keyalg", "EC", "-dname", "CN=x", "-alias", "x"]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return (directory / "jks").read_bytes()


def mangled(text: bytes) -> bytes:
    """Joined lines, blanks in front, and a line end that no block needs."""
    return b"\n".join(b"  " + line + b" " for line in text.splitlines())


CONTENTS: dict[str, tuple[Callable[[Path], bytes], tuple[str, ...], tuple[str, ...]]] = {
    "one certificate": (lambda _: WWW.certificate, BOTH[:1], ()),
    "two certificates in their order": (lambda _: OTHER.certificate + WWW.certificate, BOTH[::-1], ()),
    "the same certificate twice": (lambda _: WWW.certificate + OTHER.certificate + WWW.certificate, BOTH, ()),
    "line ends of Windows": (lambda _: WWW.certificate.replace(b"\n", b"\r\n"), BOTH[:1], ()),
    "line ends of an old Mac": (lambda _: WWW.certificate.replace(b"\n", b"\r"), BOTH[:1], ()),
    "UTF-16 of Windows": (lambda _: WWW.text.encode("utf-16"), BOTH[:1], ()),
    "UTF-16, big end first": (lambda _: codecs.BOM_UTF16_BE + WWW.text.encode("utf-16-be"), BOTH[:1], ()),
    "a byte order mark": (lambda _: codecs.BOM_UTF8 + WWW.certificate, BOTH[:1], ()),
    "blanks around each line": (lambda _: mangled(WWW.certificate), BOTH[:1], ()),
    "text of openssl": (lambda _: openssl("x509", "-text", content=WWW.certificate), BOTH[:1], ()),
    "bag attributes": (
        lambda _: openssl("pkcs12", "-nodes", "-passin", "pass:x", content=pkcs12(WWW, "x", "-name", "www")),
        BOTH[:1],
        ("private key",),
    ),
    "the old label": (lambda _: WWW.certificate.replace(b" CERTIFICATE", b" X509 CERTIFICATE"), BOTH[:1], ()),
    "a trusted certificate": (lambda _: trusted(), (), ("trusted certificate",)),
    "with its key": (lambda _: WWW.private_key + WWW.certificate, BOTH[:1], ("private key",)),
    "two keys are one word": (
        lambda _: WWW.private_key + OTHER.private_key + WWW.certificate,
        BOTH[:1],
        ("private key",),
    ),
    "EC parameters and an old key": (
        lambda _: openssl("ecparam", "-genkey", "-name", "prime256v1"),
        (),
        ("parameters", "private key"),
    ),
    "an encrypted key": (lambda _: encrypted(WWW.private_key, "x"), (), ("encrypted private key",)),
    "an encrypted key of the old style": (
        lambda _: openssl("rsa", "-aes128", "-traditional", "-passout", "pass:x", content=OTHER.private_key),
        (),
        ("encrypted private key",),
    ),
    "a public key": (lambda _: openssl("pkey", "-pubout", content=WWW.private_key), (), ("public key",)),
    "a request": (lambda _: openssl(*REQUEST, content=WWW.private_key), (), ("certificate request",)),
    "a revocation list": (revocations, (), ("CRL",)),
    "something else": (lambda _: WWW.certificate.replace(b" CERTIFICATE", b" SOMETHING"), (), ("other PEM block",)),
    "a key that calls itself a certificate": (
        lambda _: WWW.private_key.replace(b"PRIVATE KEY", b"CERTIFICATE"),
        (),
        ("unreadable certificate",),
    ),
    "a certificate with something behind it": (
        lambda _: certificate_files.Block("CERTIFICATE", WWW.der + b"0").text.encode(),
        (),
        ("unreadable certificate",),
    ),
    "a certificate without its end": (
        lambda _: WWW.certificate[:-10] + b"\n" + OTHER.certificate,
        BOTH[1:],
        ("unreadable certificate",),
    ),
    "a key without its end": (lambda _: WWW.private_key[:-10], (), ("damaged private key",)),
    "a key that is not base64": (
        lambda _: WWW.private_key.replace(b"MI", b"M?", 1),
        (),
        ("damaged private key",),
    ),
    "a certificate that is not base64": (
        lambda _: WWW.certificate.replace(b"MI", b"M?", 1),
        (),
        ("unreadable certificate",),
    ),
    "an end without a begin": (lambda _: b"-----END CERTIFICATE-----\n" + WWW.certificate, BOTH[:1], ()),
    "DER": (lambda _: WWW.der, BOTH[:1], ()),
    "DER of two certificates": (lambda _: WWW.der + OTHER.der, BOTH, ()),
    "DER with a line end behind it": (lambda _: WWW.der + b"\n", BOTH[:1], ()),
    "half a certificate in DER": (lambda _: WWW.der[:-1], (), ()),
    "a key of PKCS#8 in DER": (
        lambda _: openssl("pkey", "-outform", "DER", content=WWW.private_key),
        (),
        ("private key",),
    ),
    "a key of PKCS#1 in DER": (
        lambda _: openssl("rsa", "-traditional", "-outform", "DER", content=OTHER.private_key),
        (),
        ("private key",),
    ),
    "a key of SEC1 in DER": (
        lambda _: openssl("ec", "-outform", "DER", content=WWW.private_key),
        (),
        ("private key",),
    ),
    "an encrypted key in DER": (
        lambda _: encrypted(WWW.private_key, "x", "-outform", "DER"),
        (),
        ("encrypted private key",),
    ),
    "a request in DER": (lambda _: openssl(*REQUEST, "-outform", "DER", content=WWW.private_key), (), ()),
    "PKCS#7": (lambda _: pkcs7(WWW, OTHER), BOTH, ()),
    "PKCS#7 in DER": (lambda _: pkcs7(WWW, OTHER, form="DER"), BOTH, ()),
    "PKCS#7 with half of it": (lambda _: pkcs7(WWW, form="DER")[:-9], (), ()),
    "PKCS#7 that is encrypted": (
        lambda _: pkcs7(WWW, form="DER").replace(b"\xf7\x0d\x01\x07\x02", b"\xf7\x0d\x01\x07\x03"),
        (),
        ("PKCS#7",),
    ),
    "PKCS#7 without certificates": (lambda _: pkcs7(), (), ("PKCS#7",)),
    "PKCS#7 without certificates in DER": (lambda _: pkcs7(form="DER"), (), ("PKCS#7",)),
    "PKCS#12": (lambda _: pkcs12(WWW, "x"), (), ("PKCS#12",)),
    "PKCS#12 of open length": (lambda _: b"\x30\x80" + pkcs12(WWW, "x")[4:], (), ("PKCS#12",)),
    "a Java keystore": (keystore, (), ("Java keystore",)),
    "text": (lambda _: b"Hello", (), ()),
    "a number in DER": (lambda _: b"\x02\x01\x00", (), ()),
    "zeroes": (lambda _: bytes(100), (), ()),
    "a length that goes on for ever": (lambda _: b"\x30\x85" + b"\xff" * 100, (), ()),
}


@pytest.mark.parametrize(("make", "certificates", "holds"), CONTENTS.values(), ids=CONTENTS)
def test_a_file_gives_its_certificates_and_the_names_of_the_rest(
    tmp_path: Path, make: Callable[[Path], bytes], certificates: tuple[str, ...], holds: tuple[str, ...]
) -> None:
    path = tmp_path / "file"
    path.write_bytes(make(tmp_path))
    path.chmod(0o640)
    expected = CertificateFile(str(path), certificates, holds, "", os.getuid(), os.getgid(), 0o640)
    assert expected == read_certificates(str(path))


def broken_link(path: Path) -> None:
    path.symlink_to("../nowhere.pem")


def looping_link(path: Path) -> None:
    path.symlink_to(path)


def large_file(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2 * 1024**3)


def listening_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))


OBSTACLES: dict[str, tuple[Callable[[Path], object], str]] = {
    "nothing": (lambda path: None, "does not exist"),
    "a directory": (Path.mkdir, "is a directory"),
    "a FIFO": (os.mkfifo, "is not a regular file"),
    "a link to a device": (lambda path: path.symlink_to("/dev/zero"), "is not a regular file"),
    "a terminal": (lambda path: path.symlink_to("/dev/ptmx"), "is not a regular file"),
    "a socket": (listening_socket, "is not a regular file"),
    "a broken link": (broken_link, "is a broken link to ../nowhere.pem"),
    "a link to itself": (looping_link, "cannot be opened: Too many levels of symbolic links"),
    "two gibibytes": (large_file, "is larger than 1 MiB"),
    "one byte too many": (lambda path: path.write_bytes(b"0" * (1024 * 1024 + 1)), "is larger than 1 MiB"),
    "an empty file": (Path.touch, "is empty"),
    "blanks": (lambda path: path.write_bytes(b" \r\n"), "is empty"),
    "a file without a size": (lambda path: path.symlink_to("/proc/self/environ"), ""),
    "a file that cannot be read": (
        lambda path: path.symlink_to("/proc/self/mem"),
        "cannot be opened: Input/output error",
    ),
}


@pytest.mark.parametrize(("make", "fact"), OBSTACLES.values(), ids=OBSTACLES)
def test_what_cannot_be_read_is_said_at_once(tmp_path: Path, make: Callable[[Path], object], fact: str) -> None:
    path = tmp_path / "file"
    make(path)
    begun = time.monotonic()
    found = read_certificates(str(path))
    assert (found.certificates, found.holds, found.fact) == ((), (), fact)
    assert time.monotonic() - begun < 5


def test_a_file_is_not_read_further_than_allowed_whatever_its_size_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regular_files, "MAXIMUM_BYTES", 10)
    assert read_certificates("/proc/self/environ").fact == "is larger than 1 MiB"


@pytest.mark.parametrize("path", ["a\0b", "a\udcffb\ud800", "x" * 5000, ""], ids=["zero", "surrogate", "long", "empty"])
def test_what_is_no_path_raises_nothing(path: str) -> None:
    assert read_certificates(path).fact


@pytest.fixture
def become_nobody() -> Iterator[Callable[[], None]]:
    yield lambda: os.seteuid(65534)
    os.seteuid(os.getuid())


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_a_key_of_another_user_is_named_with_its_owner_and_mode(
    tmp_path: Path, become_nobody: Callable[[], None]
) -> None:
    path = tmp_path / "file"
    path.write_bytes(WWW.private_key)
    path.chmod(0o600)
    for directory in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        directory.chmod(0o711)
    become_nobody()
    fact = "cannot be opened: Permission denied"
    assert CertificateFile(str(path), (), (), fact, 0, 0, 0o600) == read_certificates(str(path))


def test_no_byte_of_a_key_is_in_a_repr(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(WWW.private_key + WWW.certificate)
    line = WWW.private_key.decode().splitlines()[1]
    blocks = certificate_files.load_blocks(path.read_bytes())
    shown = repr((read_certificates(str(path)), certificate_files.read_regular(str(path)), blocks))
    assert line not in shown
    assert "content" not in shown


@pytest.mark.parametrize(
    "unit", [b"-----BEGIN CERTIFICATE-----\n", b"-----END CERTIFICATE-----\n", b"0\0", b"0\x82\0\0", b"a:\n", b"MI"]
)
def test_a_hostile_file_is_done_in_one_pass(tmp_path: Path, unit: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes((unit * (1024 * 1024))[: 1024 * 1024])
    begun = time.monotonic()
    assert read_certificates(str(path)).certificates == ()
    assert time.monotonic() - begun < 5


def place(root: Path, content: bytes, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)


def found_below(root: Path, limit: int = 1000) -> list[str]:
    return [os.path.relpath(found.path, root) for found in find_certificate_files(str(root), limit=limit)]


def test_a_search_finds_what_holds_certificates_or_is_a_store(tmp_path: Path) -> None:
    place(
        tmp_path,
        WWW.certificate,
        "a.pem",
        "b/c.CRT",
        "b/d/e.cer",
        "f.cert",
        "no-suffix",
        "notes.txt",
        "www.example.com",
    )
    place(tmp_path, WWW.der, "g.der", "der-without-suffix")
    place(tmp_path, WWW.private_key, "only.key")
    place(tmp_path, WWW.private_key + WWW.certificate, "both.key")
    place(tmp_path, pkcs12(WWW, "x"), "h.p12", "i.pfx")
    place(tmp_path, pkcs7(WWW), "j.p7b")
    place(tmp_path, keystore(tmp_path), "k.jks", "q.KEYSTORE", "r.truststore", "s.ks", "t.jceks")
    place(tmp_path, WWW.certificate, "n.chain", "o.ca-bundle", "p.pem.bak")
    place(tmp_path, pkcs12(WWW, "x"), "u.pkcs12")
    place(tmp_path, pkcs7(WWW), "v.p7c")
    place(tmp_path, b"Hello", "l.pem", "README", "w.bcfks")
    os.mkfifo(tmp_path / "m.pem")
    expected = [
        "a.pem",
        "both.key",
        "f.cert",
        "g.der",
        "h.p12",
        "i.pfx",
        "j.p7b",
        "jks",
        "k.jks",
        "n.chain",
        "no-suffix",
    ]
    expected += ["o.ca-bundle", "q.KEYSTORE", "r.truststore", "s.ks", "t.jceks", "u.pkcs12", "v.p7c", "w.bcfks"]
    assert [*expected, "b/c.CRT", "b/d/e.cer"] == found_below(tmp_path)


def test_a_search_finds_a_key_that_everybody_may_use(tmp_path: Path) -> None:
    keys = {"shut.key": 0o640, "open.key": 0o644, "privkey.pem": 0o602, "kept/key.pem": 0o644, "leaf.pem": 0o644}
    for name, mode in keys.items():
        place(tmp_path, WWW.certificate if name == "leaf.pem" else WWW.private_key, name)
        (tmp_path / name).chmod(mode)
    for directory in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        directory.chmod(0o711)
    (tmp_path / "kept").chmod(0o700)
    assert found_below(tmp_path) == ["leaf.pem", "open.key", "privkey.pem"]
    tmp_path.chmod(0o700)
    assert found_below(tmp_path) == ["leaf.pem"]


def test_links_to_files_are_followed_and_links_to_directories_are_not(tmp_path: Path) -> None:
    place(tmp_path, WWW.certificate, "outside/secret.pem", "root/archive/www1.pem")
    (tmp_path / "root/live").mkdir()
    (tmp_path / "root/live/www.pem").symlink_to("../archive/www1.pem")
    (tmp_path / "root/away").symlink_to("../outside")
    (tmp_path / "root/around").symlink_to("..")
    (tmp_path / "root/broken.pem").symlink_to("nowhere")
    (tmp_path / "door").symlink_to("root")
    expected = ["archive/www1.pem", "live/www.pem"]
    assert expected == found_below(tmp_path / "root")
    assert expected == found_below(tmp_path / "door")


def test_no_more_files_are_looked_at_than_allowed(tmp_path: Path) -> None:
    place(tmp_path, b"Hello", *(f"a{number}.pem" for number in range(5)))
    place(tmp_path, WWW.certificate, *(f"b{number}.pem" for number in range(5)))
    assert found_below(tmp_path, limit=7) == ["b0.pem", "b1.pem", "."]
    *_files, ended = find_certificate_files(str(tmp_path), limit=7)
    assert ended.ended == "has more than 7 files or directories, and the rest was left out"
    assert found_below(tmp_path, limit=10)[-1] == "b4.pem"


def test_no_more_directories_are_looked_at_than_allowed(tmp_path: Path) -> None:
    place(tmp_path, WWW.certificate, "a/b/c/x.pem")
    assert (found_below(tmp_path, limit=4), found_below(tmp_path, limit=3)) == (["a/b/c/x.pem"], ["."])


_GONE = "cannot be opened: No such file or directory"


def test_a_directory_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    place(tmp_path, WWW.certificate, "a/x.pem", "b/y.pem")
    # For root every directory opens; one that is gone when its turn comes does not, for nobody.
    search = find_certificate_files(str(tmp_path), limit=10)
    assert next(search).path == str(tmp_path / "a/x.pem")
    shutil.rmtree(tmp_path / "b")
    assert [(found.path, found.fact) for found in search] == [(str(tmp_path / "b"), _GONE)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("file.pem", ["one"]),
        ("none", "does not exist"),
        ("broken", "is a broken link to x"),
        ("pipe", "is not a regular file"),
    ],
)
def test_a_search_in_what_is_no_directory_gives_that_itself(
    tmp_path: Path, name: str, expected: list[str] | str
) -> None:
    place(tmp_path, WWW.certificate, "file.pem")
    (tmp_path / "broken").symlink_to("x")
    os.mkfifo(tmp_path / "pipe")
    (found,) = find_certificate_files(str(tmp_path / name), limit=10)
    assert (["one"] if found.certificates else found.fact) == expected


MOUNTS = """/dev/sda1 / ext4 rw 0 0
proc /proc proc rw 0 0
server:/x {root}/nfs nfs4 rw 0 0
auto {root}/auto autofs rw 0 0
s3 {root}/my\\040bucket fuse.s3fs rw 0 0
auto {root}/twice autofs rw 0 0
/dev/sdb1 {root}/twice xfs rw 0 0
half line
"""


@pytest.mark.parametrize("root", ["", "door"], ids=["its path", "a link to it"])
def test_network_file_systems_are_not_entered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: str) -> None:
    tree = tmp_path / "tree"
    place(tree, WWW.certificate, "nfs/a.pem", "auto/b.pem", "my bucket/c.pem", "twice/d.pem", "sub/nfs/e.pem")
    (tmp_path / "door").symlink_to(tree)
    (tmp_path / "mounts").write_text(MOUNTS.format(root=tree), encoding="utf-8")
    find_mounts = certificate_files._find_unsearched_mounts
    monkeypatch.setattr(certificate_files, "_find_unsearched_mounts", lambda: find_mounts(str(tmp_path / "mounts")))
    assert found_below(tmp_path / (root or "tree")) == ["sub/nfs/e.pem", "twice/d.pem"]
    (found,) = find_certificate_files(str(tree / "nfs"), limit=10)
    assert (found.certificates, found.fact) == ((), "is on a network file system")


def test_a_host_without_proc_is_searched(tmp_path: Path) -> None:
    assert certificate_files._find_unsearched_mounts(str(tmp_path / "none")) == set()
