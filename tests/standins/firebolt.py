"""An HTTP server that the real firebolt-sdk takes for Firebolt, over DuckDB and a real S3.

What it proves: the protocol as SDK 1.18.6 speaks it (JSON_Compact, errors in a 200, transactions by
headers, async tokens, login and token refresh, multipart uploads), and the shape of our SQL:
statements outside the documented grammar are refused, COPY reads the staged Parquet from S3 with
nothing but what the statement says, transactions are atomic, the first to commit wins.

What it can not prove: that Firebolt itself takes these statements and means the same by them. It
knows Firebolt's documentation, not Firebolt: its conversions of Parquet types, its limits, its
isolation under load, its vector index (this one searches exactly), roles and grants, the speed of
anything. tests/warehouses/test_contract.py runs against a real one when FIREBOLT_CORE_URL or a
managed account's variables are set.

    python -m tests.standins.firebolt --s3 http://127.0.0.1:8333     # prints its URL, and serves
"""

from __future__ import annotations

import argparse
import json
import re
import socket
import ssl
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.standins.firebolt_engine import Engine, Failed, Refused

CLIENT_ID, CLIENT_SECRET, ACCOUNT = "client-1", "secret-of-the-client", "account"
_STATUS = (
    "account_name", "user_name", "submitted_time", "start_time", "end_time", "status", "request_id",
    "query_id", "error_message", "scanned_bytes", "scanned_rows", "retries",
)  # fmt: skip


@dataclass
class Fault:
    """What happens to the next `times` statements that match, after `skip` of them.

    `what`: a status ("503", "500"), "error 200" (an error in an answer that says 200), "cut before"
    or "cut after" (the connection breaks before or after the statement is carried out), "hold
    before" or "hold after" (as if it took for ever, until `released`), "pause" or "pause
    after" (it goes on when `released`), "slow" (0.5 s), "expire" (every token is invalid from now
    on), "repeat" (an error that repeats the statement, as it is).
    """

    what: str
    pattern: str = ""
    skip: int = 0
    times: int = 1
    held: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)


class FireboltServer(ThreadingHTTPServer):
    """One account with one database and one engine.

    Args:
        engine: what carries out statements.
        managed: ask for a login, as the managed service does; else as Firebolt Core.
        certificate: serve https with it; a PEM file, its key inside.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(
        self, engine: Engine, *, managed: bool = False, certificate: Path | None = None
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.scheme = "http" if certificate is None else "https"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )
        self.engine = engine
        self.managed = managed
        self.tokens: set[str] = set()
        self.jobs: dict[str, dict[str, Any]] = {}
        self.async_delay = 0.05  # seconds before an async statement is carried out
        self.faults: list[Fault] = []
        self.statements: list[str] = []
        self.logins = 0
        self.connected = 0  # clients at this moment
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server_address[1]}"

    def break_at(self, what: str, pattern: str = "", *, skip: int = 0, times: int = 1) -> Fault:
        """Let something go wrong; see `Fault`."""
        fault = Fault(what, pattern, skip, times)
        self.faults.append(fault)
        return fault

    def expire_tokens(self) -> None:
        """Make every token invalid, as after its time has run out."""
        self.tokens.clear()

    def find_fault(self, sql: str) -> Fault | None:
        with self.lock:
            for fault in self.faults:
                if fault.times and re.search(fault.pattern, sql):
                    if fault.skip:
                        fault.skip -= 1
                        continue
                    fault.times -= 1
                    return fault
        return None

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that is gone is no news here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes: 40 ms until the second one
    server: FireboltServer

    def log_message(self, *args: object) -> None:
        pass

    def setup(self) -> None:
        with self.server.lock:
            self.server.connected += 1
        super().setup()

    def finish(self) -> None:
        with self.server.lock:
            self.server.connected -= 1
        super().finish()

    def do_GET(self) -> None:
        if self.path == "/statements":  # for benchmarks, which run in other processes
            self._send(200, {"statements": self.server.statements})
        elif self.path == f"/web/v3/account/{ACCOUNT}/engineUrl":
            if self._is_known():
                self._send(200, {"engineUrl": self.server.url})
        else:
            self._send(404, {"error": "not found"})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if urlsplit(self.path).path == "/oauth/token":
            self._log_in(parse_qs(body.decode()))
            return
        if not self._is_known():
            return
        params = {k: v[-1] for k, v in parse_qs(urlsplit(self.path).query).items()}
        kind = self.headers.get("Content-Type") or ""
        if not kind.startswith("multipart/form-data"):
            self._answer(body.decode(), params, {})
            return
        with tempfile.TemporaryDirectory() as folder:
            sql, uploads = self._read_parts(kind, body, Path(folder))
            self._answer(sql, params, uploads)

    def _answer(self, sql: str, params: dict[str, str], uploads: dict[str, Path]) -> None:
        self.server.statements.append(sql)
        fault = self.server.find_fault(sql)
        what = fault.what if fault else ""
        if what in ("503", "500", "502", "429"):
            self._send(int(what), None, text="the engine is busy")
            return
        if what == "cut before":
            self._cut()
            return
        if what == "expire":
            self.server.expire_tokens()
            self._send(401, {"error": "Unauthorized"})
            return
        if what == "repeat":
            error = {"code": "1", "name": "Internal", "description": f"can't do {sql}"}
            self._send(200, {"errors": [error]})
            return
        if what == "slow":
            time.sleep(0.5)
        if fault and what == "pause":
            fault.held.set()
            fault.released.wait()
        if fault and what == "hold before":
            fault.held.set()
            fault.released.wait()
            self._cut()
            return
        headers: dict[str, str] = {}
        status, answer = self._carry_out(sql, params, uploads, headers)
        if what == "error 200":
            error = {"code": "1", "name": "Internal", "description": "something went wrong"}
            answer, status = {"errors": [error]}, 200
        if fault and what in ("hold after", "pause after"):
            fault.held.set()
            fault.released.wait()
        if what in ("cut after", "hold after"):
            self._cut()
            return
        with suppress(OSError):
            self._send(status, answer, headers)

    def _carry_out(
        self, sql: str, params: dict[str, str], uploads: dict[str, Path], headers: dict[str, str]
    ) -> tuple[int, dict[str, Any]]:
        engine = self.server.engine
        database = params.get("database", engine.database)
        name = params.get("transaction_id")
        try:
            if database != engine.database:
                raise Failed(f"Database '{database}' does not exist or not authorized")
            if name:
                self._check_sequence(name, params)
            word = sql.strip().split(None, 1)[0].upper() if sql.strip() else ""
            if word == "CANCEL":
                self.server.jobs[re.findall(r"'([^']*)'", sql)[0]]["status"] = "CANCELED"
                return 200, {}
            if word == "CALL":
                return 200, self._tell_job(re.findall(r"'([^']*)'", sql)[0])
            if word == "BEGIN" and not name:
                name = engine.begin()
            elif params.get("async") == "true":
                return 202, self._run_later(sql)
            else:
                answer = engine.run(sql, name, uploads)
                headers |= self._switch(sql, word)
                if word in ("COMMIT", "ROLLBACK"):
                    told = "transaction_id,transaction_sequence_id"
                    headers["Firebolt-Remove-Parameters"] = told
                    return 200, answer
                if not name:
                    return 200, answer
                headers |= self._advance(name)
                return 200, answer
            headers |= self._advance(name)
            return 200, {}
        except (Failed, Refused) as error:
            kind = "SyntaxError" if isinstance(error, Refused) else "ExecutionError"
            told = {"code": "400", "name": kind, "severity": "ERROR", "description": str(error)}
            return 200 if isinstance(error, Failed) else 400, {"errors": [told]}

    def _check_sequence(self, name: str, params: dict[str, str]) -> None:
        held = self.server.engine.transactions.get(name)
        if held is None:
            raise Failed(f"transaction {name} does not exist")
        if params.get("transaction_sequence_id") != str(held.sequence):
            raise Failed(f"transaction_sequence_id must be {held.sequence}")

    def _advance(self, name: str) -> dict[str, str]:
        held = self.server.engine.transactions[name]
        held.sequence += 1
        told = f"transaction_id={name},transaction_sequence_id={held.sequence}"
        return {"Firebolt-Update-Parameters": told}

    def _switch(self, sql: str, word: str) -> dict[str, str]:
        if word != "USE":
            return {}
        _, kind, name = sql.split(None, 2)
        plain = name.strip().strip('"')
        if kind.upper() == "DATABASE":
            if plain != self.server.engine.database:
                raise Failed(f"Database '{plain}' does not exist or not authorized")
            return {"Firebolt-Update-Parameters": f"database={plain}"}
        if plain not in self.server.engine.engines:
            raise Failed(f"Engine '{plain}' does not exist or not authorized")
        if self.server.engine.engines[plain] != "RUNNING":
            raise Failed(f"Engine '{plain}' is not running")
        return {"Firebolt-Update-Parameters": f"engine={plain}"}

    def _run_later(self, sql: str) -> dict[str, Any]:
        token = f"token-{len(self.server.jobs) + 1}"
        job = dict.fromkeys(_STATUS, None) | {"status": "RUNNING", "query_id": token}
        job["scanned_rows"] = 1
        self.server.jobs[token] = job

        def work() -> None:
            try:
                time.sleep(self.server.async_delay)
                if job["status"] == "RUNNING":  # not cancelled
                    self.server.engine.run(sql)
                    job["status"] = "ENDED_SUCCESSFULLY"
            except (Failed, Refused) as error:
                job["error_message"] = str(error)
                job["status"] = "FAILED"

        threading.Thread(target=work, daemon=True).start()
        monitor = f"CALL fb_GetAsyncStatus('{token}')"
        return {"token": token, "message": "submitted", "monitorSql": monitor}

    def _tell_job(self, token: str) -> dict[str, Any]:
        if token not in self.server.jobs:
            raise Failed(f"async query {token} does not exist")
        job = self.server.jobs[token]
        kinds = {"scanned_bytes": "long", "scanned_rows": "long", "retries": "long"}
        meta = [{"name": name, "type": kinds.get(name, "text") + " null"} for name in _STATUS]
        row = [job[name] for name in _STATUS]
        return {"meta": meta, "data": [row], "rows": 1, "statistics": {"elapsed": 0.0}}

    def _log_in(self, form: dict[str, list[str]]) -> None:
        given = (form.get("client_id", [""])[-1], form.get("client_secret", [""])[-1])
        if given != (CLIENT_ID, CLIENT_SECRET):
            self._send(401, {"error": "access_denied", "message": "Unauthorized"})
            return
        self.server.logins += 1
        token = f"bearer-{self.server.logins}-{time.time_ns()}"
        self.server.tokens.add(token)
        self._send(200, {"access_token": token, "expires_in": 3600, "token_type": "Bearer"})

    def _is_known(self) -> bool:
        if not self.server.managed:
            return True
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        if token in self.server.tokens:
            return True
        if self.command == "POST":
            self.rfile.read(0)
        self._send(401, {"error": "Unauthorized"})
        return False

    def _read_parts(self, kind: str, body: bytes, folder: Path) -> tuple[str, dict[str, Path]]:
        head = f"Content-Type: {kind}\r\n\r\n".encode()
        sql, uploads = "", {}
        for part in BytesParser().parsebytes(head + body).get_payload():
            name = part.get_param("name", header="content-disposition")  # type: ignore[union-attr]
            payload = part.get_payload(decode=True)  # type: ignore[union-attr]
            if name == "sql":
                sql = payload.decode()
            else:
                uploads[str(name)] = folder / f"{len(uploads)}.parquet"
                uploads[str(name)].write_bytes(payload)
        return sql, uploads

    def _send(
        self,
        status: int,
        answer: dict[str, Any] | None,
        headers: dict[str, str] | None = None,
        text: str = "",
    ) -> None:
        nothing = {"meta": [], "data": [], "rows": 0, "statistics": {"elapsed": 0.0}}
        body = text.encode() if answer is None else json.dumps(answer or nothing).encode()
        self.send_response(status)
        kind = "text/plain" if answer is None else "application/json"
        for name, value in {"Content-Type": kind, **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _cut(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def serve(
    engine: Engine, *, managed: bool = False, certificate: Path | None = None
) -> Iterator[FireboltServer]:
    """Serve inside the block, on a free port of this machine."""
    server = FireboltServer(engine, managed=managed, certificate=certificate)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        for fault in server.faults:
            fault.released.set()
        server.shutdown()
        server.server_close()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--s3", help="The S3 server's URL.")
    parser.add_argument("--managed", action="store_true", help="Ask for a login.")
    given = parser.parse_args()
    with serve(Engine(given.s3), managed=given.managed) as server:
        print(server.url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
