# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 the certwright.tls authors

"""The main job on this machine: a real server, the built collection, and what happens when something is wrong.

Everything lives in one directory, which is removed at the end unless DEMO_KEEP is set. No root, no port below 1024.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

HOST = "www.example.test"
SHOP, FORUM = "shop.example.test", "forum.example.test"
NAMES = {HOST: "system", SHOP: SHOP, FORUM: FORUM}
HERE = Path(__file__).resolve().parent


def main() -> int:
    tarball = os.environ.get("CERTWRIGHT_COLLECTION", "")
    if not tarball:
        print("CERTWRIGHT_COLLECTION names no collection tarball; run `make demo`")
        return 1
    for name in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(name, end_by_signal)
    work = Path(tempfile.mkdtemp(prefix="demo-", dir=os.environ.get("DEMO_DIR")))
    try:
        return Demo(work, Path(tarball)).play()
    finally:
        if not os.environ.get("DEMO_KEEP"):
            shutil.rmtree(work)


def end_by_signal(number: int, _frame: object) -> None:
    """A closed terminal ends the demo as its end does: the server stops, the directory goes."""
    raise SystemExit(128 + number)


class Demo:
    """One demonstration in one directory."""

    def __init__(self, work: Path, tarball: Path) -> None:
        self.work, self.tarball = work, tarball
        self.port = free_port()
        self.failures: list[str] = []

    def play(self) -> int:
        started = time.monotonic()
        self.install_collection()
        self.make_certificates()
        self.write_inventory("first")
        server = find_server(self.work, self.port)
        say(f"A real TLS server on 127.0.0.1:{self.port}: {server.title}")
        with server.running():
            scenes = (
                *(self.scene_installed, self.scene_unchanged, self.scene_wrong_key, self.scene_rolled_back),
                *(self.scene_shown, self.scene_disabled, self.scene_removed),
            )
            for scene in scenes:
                scene(server)
                if self.failures:
                    break
        if self.failures:
            say("NOT as it should be:")
            print("\n".join(f"  - {failure}" for failure in self.failures))
            return 1
        say(
            f"All seven as they should be, in {time.monotonic() - started:.0f} s. Nothing of it is left on this machine"
        )
        return 0

    def scene_installed(self, server: Server) -> None:
        say("1. Install: one playbook, and the port serves a certificate for each name; one of them was PKCS#12")
        server.start_with_a_stopgap(self)
        print(f"  before: {describe_served(self.port)}")
        self.expect(self.play_book("install"), code=0, words=["changed=2", "failed=0"])
        self.expect_served("first", "the supplied certificate is served")
        self.expect_served("shop", f"as that of {SHOP} is", name=SHOP)
        self.expect_served("forum", f"and that of {FORUM}, which was PKCS#12", name=FORUM)

    def scene_unchanged(self, _server: Server) -> None:
        say("2. Again: nothing to do, and nothing is done")
        self.expect(self.play_book("install"), code=0, words=["changed=0"])

    def scene_wrong_key(self, _server: Server) -> None:
        say("3. A renewed certificate with the wrong key: refused before anything is touched")
        self.write_inventory("second", key="first")
        self.expect(self.play_book("install"), code=2, words=["does not belong to the certificate"])
        self.expect_served("first", "the certificate of before is served as before")

    def scene_rolled_back(self, server: Server) -> None:
        say("4. The right key, but the server's configuration names an old copy of it: rolled back")
        server.break_configuration()
        self.write_inventory("second")
        words = ["rolled back", "Put back: the previous files are in place again"]
        self.expect(self.play_book("install"), code=2, words=words)
        self.expect_served("first", "the certificate of before is served as before")
        server.name_stable_paths(NAMES)
        self.write_inventory("first")

    def scene_shown(self, _server: Server) -> None:
        say("5. What is there: every certificate, its share of life left, and whether its port serves it")
        self.expect(self.play_book("show", whole=True), code=0, words=["HOST", SHOP, FORUM])

    def scene_disabled(self, _server: Server) -> None:
        say(f"6. {FORUM} is disabled: its paths lead to the system certificate while the server names them")
        self.write_inventory("first", forum="disabled")
        self.expect(self.play_book("remove"), code=0, words=["changed=2", "failed=0"])
        self.expect_served("first", f"{FORUM} shows the system certificate", name=FORUM)

    def scene_removed(self, server: Server) -> None:
        say("7. The server names them no longer: the files are gone, keys and all")
        server.name_stable_paths({name: place for name, place in NAMES.items() if name != FORUM})
        self.expect(self.play_book("remove"), code=0, words=["changed=1", "failed=0"])
        left = [str(path) for path in (self.work / "store").rglob("*") if FORUM in path.name]
        print(f"  after:  {left or 'nothing'} is left of it in the store")
        if left:
            self.failures.append(f"of {FORUM} there is still {left}")
        self.expect_served("shop", "everything else is as before", name=SHOP)

    def install_collection(self) -> None:
        run(
            ["ansible-galaxy", "collection", "install", str(self.tarball), "-p", str(self.work / "collections")],
            self.env,
        )

    def make_certificates(self) -> None:
        """As an operator receives them: a CA's certificate, certificates that it signed, and their keys."""
        say("A small CA and certificates for three names, made with openssl")
        make_ca(self.work)
        make_certificate(self.work, "stopgap", days=1)
        make_certificate(self.work, "first", days=30)
        make_certificate(self.work, "second", days=60)
        make_certificate(self.work, "shop", name=SHOP, days=20)
        make_certificate(self.work, "forum", name=FORUM, days=10)
        make_pkcs12(self.work, "forum")

    def write_inventory(self, certificate: str, *, key: str = "", forum: str = "files") -> None:
        template = (HERE / "inventory.yml.in").read_text(encoding="utf-8")
        values = {
            "WORK": str(self.work),
            "PYTHON": sys.executable,
            "CERTIFICATE": certificate,
            "KEY": key or certificate,
            "FORUM": forum,
            "SERVICE": find_server(self.work, self.port).words,
        }
        for word, value in values.items():
            template = template.replace(f"@{word}@", value)
        (self.work / "inventory.yml").write_text(template, encoding="utf-8")

    @property
    def env(self) -> dict[str, str]:
        return dict(
            os.environ,
            HOME=str(self.work),
            ANSIBLE_HOME=str(self.work / "ansible"),
            ANSIBLE_COLLECTIONS_PATH=str(self.work / "collections"),
            ANSIBLE_REMOTE_TMP=str(self.work / "ansible" / "tmp"),
            ANSIBLE_LOCALHOST_WARNING="false",
            ANSIBLE_NOCOLOR="1",
        )

    def play_book(self, name: str, *, whole: bool = False) -> tuple[int, str]:
        command = ["ansible-playbook", "-i", "inventory.yml", f"certwright.tls.{name}"]
        print(f"  $ {' '.join(command)}")
        ended = subprocess.run(command, env=self.env, cwd=self.work, text=True, capture_output=True, check=False)
        (show_table if whole else show)(ended.stdout + ended.stderr)
        return ended.returncode, ended.stdout + ended.stderr

    def expect(self, ended: tuple[int, str], *, code: int, words: list[str]) -> None:
        found, output = ended
        missing = [word for word in words if word not in output]
        if found != code or missing:
            self.failures.append(f"exit status {found} instead of {code}, without {missing}:\n{output}")

    def expect_served(self, file: str, words: str, *, name: str = HOST) -> None:
        served = describe_served(self.port, name)
        print(f"  after:  {served}  <- {words}")
        if served != describe_file(self.work / f"{file}.pem"):
            self.failures.append(f"port {self.port} serves {served} to {name}, not {file}.pem")


class Server:
    """What both servers of the demo share: files, a stopgap to begin with, and a way to end."""

    title = ""
    words = ""

    def __init__(self, work: Path, port: int) -> None:
        self.work, self.port = work, port

    def command(self) -> list[str]:
        raise NotImplementedError

    def write_configuration(self, sites: dict[str, tuple[Path, Path]]) -> None:
        """A certificate and a key for each name, that of the default first."""
        raise NotImplementedError

    def find_files(self, certificate: str) -> tuple[Path, Path]:
        """The stable paths."""
        directory = self.work / "store" / "live" / certificate / "web"
        return directory / "fullchain.pem", directory / "privkey.pem"

    def name_stable_paths(self, names: dict[str, str]) -> None:
        self.write_configuration({name: self.find_files(certificate) for name, certificate in names.items()})

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        try:
            yield
        finally:
            self.stop()

    def start_with_a_stopgap(self, demo: Demo) -> None:
        """It runs with a certificate of one day; its configuration on disk names the stable paths already."""
        self.write_configuration({HOST: (self.work / "stopgap.pem", self.work / "stopgap.key")})
        self.process = subprocess.Popen(self.command(), cwd=self.work, env=demo.env)
        wait_for(lambda: describe_served(self.port))
        self.name_stable_paths(NAMES)

    def break_configuration(self) -> None:
        """The mistake that everybody makes once: a copy of the key, which fits today and not after the renewal."""
        copy = self.work / "old-copy.key"
        sites = {name: self.find_files(certificate) for name, certificate in NAMES.items()}
        certificate, key = sites[HOST]
        shutil.copy(key, copy)
        self.write_configuration({**sites, HOST: (certificate, copy)})

    def stop(self) -> None:
        process = getattr(self, "process", None)
        if process is not None:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=10)


class Nginx(Server):
    """The machine's own nginx, unprivileged, in a directory of the demo's."""

    def __init__(self, work: Path, port: int, binary: str) -> None:
        super().__init__(work, port)
        self.binary = binary
        self.title = f"{binary}, unprivileged, in {work}"
        self.words = (
            f"nginx: {{name: web, binary: {binary}, config: {work}/nginx.conf, prefix: {work}/, "
            f"pid_file: {work}/nginx.pid, ports: [{port}]}}"
        )

    def command(self) -> list[str]:
        return [self.binary, "-c", str(self.work / "nginx.conf"), "-p", f"{self.work}/", "-g", "daemon off;"]

    def write_configuration(self, sites: dict[str, tuple[Path, Path]]) -> None:
        template = (HERE / "nginx.conf").read_text(encoding="utf-8")
        servers = "\n".join(
            f"    server {{\n        listen 127.0.0.1:{self.port} ssl;\n        server_name {name};\n"
            f"        ssl_certificate {certificate};\n        ssl_certificate_key {key};\n        return 200;\n    }}"
            for name, (certificate, key) in sites.items()
        )
        for word, value in {"WORK": str(self.work), "SERVERS": servers}.items():
            template = template.replace(f"@{word}@", value)
        (self.work / "nginx.conf").write_text(template, encoding="utf-8")


class SmallServer(Server):
    """For machines without nginx: thirty lines of Python that check, reload and serve like a grown-up server."""

    title = "a small server of the demo's own, since there is no nginx here"

    def __init__(self, work: Path, port: int) -> None:
        super().__init__(work, port)
        program = f"[{sys.executable}, {HERE / 'tls_server.py'}, {work / 'server.conf'}"
        self.words = (
            "custom: {name: web, files: [{name: fullchain.pem, parts: [leaf, chain]}, "
            "{name: privkey.pem, parts: [key]}], "
            f"pid_file: {work}/server.pid, check: {program}, check], reload: {program}, reload], "
            f"references: [cat, {work / 'server.conf'}], ports: [{port}]}}"
        )

    def command(self) -> list[str]:
        return [sys.executable, str(HERE / "tls_server.py"), str(self.work / "server.conf"), "serve"]

    def write_configuration(self, sites: dict[str, tuple[Path, Path]]) -> None:
        lines = [f"port {self.port}", f"pid {self.work}/server.pid"]
        lines += [f"serve {name} {certificate} {key}" for name, (certificate, key) in sites.items()]
        (self.work / "server.conf").write_text("\n".join([*lines, ""]), encoding="utf-8")


def find_server(work: Path, port: int) -> Server:
    binary = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    return Nginx(work, port, binary) if binary and not os.environ.get("DEMO_SMALL_SERVER") else SmallServer(work, port)


def make_ca(work: Path) -> None:
    extensions = ["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign"]
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl(
        work,
        [
            "req",
            "-x509",
            *new_key,
            *extensions,
            "-subj",
            "/CN=Demo CA",
            "-days",
            "90",
            "-keyout",
            "ca.key",
            "-out",
            "ca.pem",
        ],
    )


def make_certificate(work: Path, file: str, *, days: int, name: str = HOST) -> None:
    (work / f"{file}.cnf").write_text(
        f"subjectAltName=DNS:{name}\nbasicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\n"
        "extendedKeyUsage=serverAuth\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n",
        encoding="utf-8",
    )
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl(work, ["req", *new_key, "-subj", f"/CN={name}", "-keyout", f"{file}.key", "-out", f"{file}.csr"])
    signed_by = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", f"{file}.cnf"]
    openssl(work, ["x509", "-req", "-in", f"{file}.csr", *signed_by, "-days", str(days), "-out", f"{file}.pem"])


def make_pkcs12(work: Path, file: str) -> None:
    """Certificate, key and CA in one file, as a Windows administrator hands them over."""
    (work / f"{file}.passphrase").write_text("open sesame\n", encoding="ascii")
    parts = ["-in", f"{file}.pem", "-inkey", f"{file}.key", "-certfile", "ca.pem"]
    openssl(work, ["pkcs12", "-export", *parts, "-out", f"{file}.p12", "-passout", f"file:{file}.passphrase"])


def openssl(work: Path, arguments: list[str]) -> None:
    ended = subprocess.run(["openssl", *arguments], cwd=work, text=True, capture_output=True, check=False)
    if ended.returncode:
        raise SystemExit(f"openssl {' '.join(arguments)} failed: {ended.stderr}")


def run(command: list[str], env: dict[str, str]) -> None:
    ended = subprocess.run(command, env=env, text=True, capture_output=True, check=False)
    if ended.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{ended.stdout}{ended.stderr}")


def describe_served(port: int, name: str = HOST) -> str:
    """What a client gets: the end of the leaf's validity and its fingerprint."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with (
            socket.create_connection(("127.0.0.1", port), timeout=5) as raw,
            context.wrap_socket(raw, server_hostname=name) as connection,
        ):
            der = connection.getpeercert(binary_form=True) or b""
    except OSError:
        return ""
    return describe(ssl.DER_cert_to_PEM_cert(der))


def describe_file(path: Path) -> str:
    return describe(path.read_text(encoding="utf-8"))


def describe(pem: str) -> str:
    command = ["openssl", "x509", "-noout", "-enddate", "-fingerprint", "-sha256"]
    shown = subprocess.run(command, input=pem, text=True, capture_output=True, check=True).stdout.splitlines()
    end, fingerprint = shown[0].partition("=")[2], shown[1].partition("=")[2]
    return f"sha256 {fingerprint.replace(':', '').lower()[:16]}… until {end}"


def show(output: str) -> None:
    """The lines of a run that say something: what was done, and the whole of why not."""
    done = re.compile(r"^(changed|skipping|ok: \S+ => \(item|\S+ +: ok=)")
    in_error = False
    for line in output.splitlines():
        in_error = (in_error or line.startswith("[ERROR]")) and not line.startswith(("Origin:", "fatal:", "failed:"))
        if done.match(line) or (in_error and line.strip()):
            print(textwrap.indent(textwrap.fill(line.replace("Task failed: Action failed: ", ""), 116), "  | "))


def show_table(output: str) -> None:
    """The lines of the table that a playbook printed."""
    lines = re.findall(r'^ {8}"(.*?) *",?$', output, flags=re.MULTILINE)
    print("\n".join(f"  | {line}" for line in lines))


def say(text: str) -> None:
    print(f"\n== {text}", flush=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(answer: object) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if callable(answer) and answer():
            return
        time.sleep(0.05)
    raise SystemExit("The server did not start within 10 s")


if __name__ == "__main__":
    sys.exit(main())
