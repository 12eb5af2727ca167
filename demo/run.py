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
            for scene in (self.scene_installed, self.scene_unchanged, self.scene_wrong_key, self.scene_rolled_back):
                scene(server)
                if self.failures:
                    break
        if self.failures:
            say("NOT as it should be:")
            print("\n".join(f"  - {failure}" for failure in self.failures))
            return 1
        say(
            f"All four as they should be, in {time.monotonic() - started:.0f} s. Nothing of it is left on this machine."
        )
        return 0

    def scene_installed(self, server: Server) -> None:
        say("1. Install: one playbook, and the port serves the certificate")
        server.start_with_a_stopgap(self)
        print(f"  before: {describe_served(self.port)}")
        self.expect(self.install(), code=0, words=["changed=2", "failed=0"])
        self.expect_served("first", "the supplied certificate is served")

    def scene_unchanged(self, _server: Server) -> None:
        say("2. Again: nothing to do, and nothing is done")
        self.expect(self.install(), code=0, words=["changed=0"])

    def scene_wrong_key(self, _server: Server) -> None:
        say("3. A renewed certificate with the wrong key: refused before anything is touched")
        self.write_inventory("second", key="first")
        self.expect(self.install(), code=2, words=["does not belong to the certificate"])
        self.expect_served("first", "the certificate of before is served as before")

    def scene_rolled_back(self, server: Server) -> None:
        say("4. The right key, but the server's configuration names an old copy of it: rolled back")
        server.break_configuration()
        self.write_inventory("second")
        self.expect(self.install(), code=2, words=["rolled back", "Put back: the previous files are in place again"])
        self.expect_served("first", "the certificate of before is served as before")

    def install_collection(self) -> None:
        run(
            ["ansible-galaxy", "collection", "install", str(self.tarball), "-p", str(self.work / "collections")],
            self.env,
        )

    def make_certificates(self) -> None:
        """As an operator receives them: a CA's certificate, certificates that it signed, and their keys."""
        say("A small CA and two certificates for the same name, made with openssl")
        make_ca(self.work)
        make_certificate(self.work, "stopgap", days=1)
        make_certificate(self.work, "first", days=30)
        make_certificate(self.work, "second", days=60)

    def write_inventory(self, certificate: str, *, key: str = "") -> None:
        template = (HERE / "inventory.yml.in").read_text(encoding="utf-8")
        values = {
            "WORK": str(self.work),
            "PYTHON": sys.executable,
            "HOST": HOST,
            "CERTIFICATE": certificate,
            "KEY": key or certificate,
            "PORT": str(self.port),
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

    def install(self) -> tuple[int, str]:
        command = ["ansible-playbook", "-i", "inventory.yml", "certwright.tls.install"]
        print(f"  $ {' '.join(command)}")
        ended = subprocess.run(command, env=self.env, cwd=self.work, text=True, capture_output=True, check=False)
        show(ended.stdout + ended.stderr)
        return ended.returncode, ended.stdout + ended.stderr

    def expect(self, ended: tuple[int, str], *, code: int, words: list[str]) -> None:
        found, output = ended
        missing = [word for word in words if word not in output]
        if found != code or missing:
            self.failures.append(f"exit status {found} instead of {code}, without {missing}:\n{output}")

    def expect_served(self, name: str, words: str) -> None:
        served = describe_served(self.port)
        print(f"  after:  {served}  <- {words}")
        if served != describe_file(self.work / f"{name}.pem"):
            self.failures.append(f"port {self.port} serves {served}, not {name}.pem")


class Server:
    """What both servers of the demo share: files, a stopgap to begin with, and a way to end."""

    title = ""
    words = ""

    def __init__(self, work: Path, port: int) -> None:
        self.work, self.port = work, port
        self.files = work / "store" / "live" / "system" / "web"

    def command(self) -> list[str]:
        raise NotImplementedError

    def write_configuration(self, certificate: Path, private_key: Path) -> None:
        raise NotImplementedError

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        try:
            yield
        finally:
            self.stop()

    def start_with_a_stopgap(self, demo: Demo) -> None:
        """It runs with a certificate of one day; its configuration on disk names the stable paths already."""
        self.write_configuration(self.work / "stopgap.pem", self.work / "stopgap.key")
        self.process = subprocess.Popen(self.command(), cwd=self.work, env=demo.env)
        wait_for(lambda: describe_served(self.port))
        self.write_configuration(self.files / "fullchain.pem", self.files / "privkey.pem")

    def break_configuration(self) -> None:
        """The mistake that everybody makes once: a copy of the key, which fits today and not after the renewal."""
        copy = self.work / "old-copy.key"
        shutil.copy(self.files / "privkey.pem", copy)
        self.write_configuration(self.files / "fullchain.pem", copy)

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

    def write_configuration(self, certificate: Path, private_key: Path) -> None:
        template = (HERE / "nginx.conf").read_text(encoding="utf-8")
        values = {"WORK": self.work, "PORT": self.port, "HOST": HOST, "CERTIFICATE": certificate, "KEY": private_key}
        for word, value in values.items():
            template = template.replace(f"@{word}@", str(value))
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

    def write_configuration(self, certificate: Path, private_key: Path) -> None:
        lines = f"port = {self.port}\ncertificate = {certificate}\nkey = {private_key}\npid = {self.work}/server.pid\n"
        (self.work / "server.conf").write_text(lines, encoding="utf-8")


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


def make_certificate(work: Path, name: str, *, days: int) -> None:
    (work / f"{name}.cnf").write_text(
        f"subjectAltName=DNS:{HOST}\nbasicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\n"
        "extendedKeyUsage=serverAuth\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n",
        encoding="utf-8",
    )
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl(work, ["req", *new_key, "-subj", f"/CN={HOST}", "-keyout", f"{name}.key", "-out", f"{name}.csr"])
    signed_by = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", f"{name}.cnf"]
    openssl(work, ["x509", "-req", "-in", f"{name}.csr", *signed_by, "-days", str(days), "-out", f"{name}.pem"])


def openssl(work: Path, arguments: list[str]) -> None:
    ended = subprocess.run(["openssl", *arguments], cwd=work, text=True, capture_output=True, check=False)
    if ended.returncode:
        raise SystemExit(f"openssl {' '.join(arguments)} failed: {ended.stderr}")


def run(command: list[str], env: dict[str, str]) -> None:
    ended = subprocess.run(command, env=env, text=True, capture_output=True, check=False)
    if ended.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{ended.stdout}{ended.stderr}")


def describe_served(port: int) -> str:
    """What a client gets: the end of the leaf's validity and its fingerprint."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with (
            socket.create_connection(("127.0.0.1", port), timeout=5) as raw,
            context.wrap_socket(raw, server_hostname=HOST) as connection,
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
