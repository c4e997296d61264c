"""Seals stamped by a time-stamping authority: one of the tests' own, made by openssl, behind a web server."""

import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from errands import ADMIN, START, Desk, build_home

from engine.anchors.timestamp import TimestampAnchor
from engine.app.seal import seal_by_hand
from engine.app.verify import verify
from engine.app.verify_seals import Anchored
from engine.bootstrap.office import open_office
from engine.core.errors import LogTampered, SettingsError, Unavailable
from engine.ports import SealedNote
from engine.readers.anchor import read_anchor
from engine.settings import load

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")

NOTE = SealedNote(7, "test\n7\nroot\n\n\u2014 test AAAA\n", START)
CONFIG = """
[req]
distinguished_name = dn
x509_extensions = ca
prompt = no
[dn]
CN = Provet
[ca]
basicConstraints = critical,CA:TRUE
[stamp]
extendedKeyUsage = critical,timeStamping
[tsa]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
"""


class Authority:
    """A time-stamping authority that answers here until the test is over."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder, self.asked, self.broken = folder, 0, False
        (folder / "conf").write_text(CONFIG.format(folder=folder), "utf-8")
        (folder / "serial").write_text("01", "utf-8")
        request = ("req", "-config", "conf", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        self._openssl(*request, "-x509", "-days", "2", "-keyout", "ca.key", "-out", "ca.pem")
        self._openssl(*request, "-subj", "/CN=Stamp", "-keyout", "tsa.key", "-out", "tsa.csr")
        self._openssl("x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "2", "-out",
                      "tsa.pem", "-extfile", "conf", "-extensions", "stamp", "-set_serial", "2")  # fmt: skip
        authority = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = authority.answer(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                return

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"

    def answer(self, query: bytes) -> bytes:
        self.asked += 1
        if self.broken:
            return b"no token"
        (self.folder / "query").write_bytes(query)
        self._openssl("ts", "-reply", "-config", "conf", "-section", "tsa", "-queryfile", "query", "-signer", "tsa.pem",
                      "-inkey", "tsa.key", "-out", "reply")  # fmt: skip
        return (self.folder / "reply").read_bytes()

    def _openssl(self, *words: str) -> None:
        subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True, timeout=60)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    authority = Authority(tmp_path_factory.mktemp("authority") / "tsa")
    thread = threading.Thread(target=authority.server.serve_forever)
    thread.start()
    yield authority
    authority.server.shutdown()
    thread.join()
    authority.server.server_close()


@pytest.fixture
def authority(made: Authority) -> Authority:
    made.asked, made.broken = 0, False
    return made


def anchor(authority: Authority, folder: Path) -> TimestampAnchor:
    return TimestampAnchor(folder, authority.url, authority.folder / "ca.pem")


def test_a_seal_is_stamped_and_openssl_alone_checks_it(authority: Authority, tmp_path: Path) -> None:
    anchor(authority, tmp_path).put(NOTE)

    check = [
        "openssl",
        "ts",
        "-verify",
        "-data",
        "7.checkpoint",
        "-in",
        "7.tsr",
        "-CAfile",
        f"{authority.folder}/ca.pem",
    ]
    done = subprocess.run(check, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, sorted(path.name for path in tmp_path.iterdir())) == (0, ["7.checkpoint", "7.tsr"])


def test_what_is_stamped_is_not_asked_for_again(authority: Authority, tmp_path: Path) -> None:
    anchor(authority, tmp_path).put(NOTE)
    anchor(authority, tmp_path).put(NOTE)

    assert authority.asked == 1


def test_an_answer_that_is_no_token_is_not_kept(authority: Authority, tmp_path: Path) -> None:
    authority.broken = True
    with pytest.raises(Unavailable, match="gave no good token"):
        anchor(authority, tmp_path).put(NOTE)
    assert [path.name for path in tmp_path.iterdir()] == ["7.checkpoint"]

    authority.broken = False
    anchor(authority, tmp_path).put(NOTE)
    assert (tmp_path / "7.tsr").exists()


def test_a_token_of_somebody_else_is_not_kept(authority: Authority, tmp_path: Path) -> None:
    other = Authority(tmp_path / "other")
    other.server.server_close()
    (tmp_path / "stamps").mkdir()
    with pytest.raises(Unavailable, match="gave no good token"):
        TimestampAnchor(tmp_path / "stamps", authority.url, other.folder / "ca.pem").put(NOTE)


def test_a_token_that_is_for_something_else_is_told(authority: Authority, tmp_path: Path) -> None:
    anchor(authority, tmp_path).put(NOTE)
    shutil.move(tmp_path / "7.tsr", tmp_path / "8.tsr")
    with pytest.raises(LogTampered, match=r"8\.tsr is no token for 8\.checkpoint"):
        anchor(authority, tmp_path).put(SealedNote(8, NOTE.note.replace("7", "8"), START))


def test_an_authority_that_is_not_there_is_told_and_tried_again(authority: Authority, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="does not answer"):
        TimestampAnchor(tmp_path, "http://127.0.0.1:9/", authority.folder / "ca.pem").put(NOTE)


def test_every_seal_of_a_home_that_says_so_is_stamped(authority: Authority, tmp_path: Path) -> None:
    desk = Desk(build_home(tmp_path / "template"), tmp_path / "home")
    (tmp_path / "stamps").mkdir()
    file = desk.home / "skede.toml"
    said = f'kind = "timestamp", path = "../stamps", url = "{authority.url}", authority = "{authority.folder}/ca.pem"'
    file.write_text(f"anchors = [{{ {said} }}]\n{file.read_text('utf-8')}", "utf-8")
    desk.office = open_office(load(desk.home), clock=desk.clock)

    desk.order("2021-06-01")
    done = seal_by_hand(desk.office, ADMIN)

    assert (done.errors, done.anchors) == ([], [f"timestamp {authority.url}"])
    kept = next((tmp_path / "stamps").glob("*.checkpoint"))
    assert kept.with_suffix(".tsr").exists()
    assert verify(desk.office, anchors=[Anchored(kept.name, read_anchor(kept))]).bad == []
    file.write_text(file.read_text("utf-8").replace(authority.url, "ftp://tsa.example/"), "utf-8")
    with pytest.raises(SettingsError, match="http"):
        load(desk.home)
