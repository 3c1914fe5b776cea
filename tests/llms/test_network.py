"""How a server is reached from behind a proxy."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from dreambolt_steps.llms.openai.network import find_proxy
from dreambolt_steps.session.fast_import import import_datadreamer

import_datadreamer()

from dreambolt_steps.llms.openai.model import ChatModel  # noqa: E402


def test_the_proxy_of_the_environment_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    assert find_proxy("https://api.openai.com/v1") is None
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,intern.example")
    assert find_proxy("https://api.openai.com/v1") == "http://proxy:3128"
    assert find_proxy("http://api.openai.com/v1") is None
    assert find_proxy("https://intern.example/v1") is None
    monkeypatch.setenv("ALL_PROXY", "http://other:1")
    assert find_proxy("http://models.example/v1") == "http://other:1"


def test_calls_go_through_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    class Proxy(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.path)
            self.rfile.read(int(self.headers["Content-Length"]))
            message = {"role": "assistant", "content": self.headers["Authorization"]}
            body = json.dumps({"choices": [{"message": message}]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Proxy) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        monkeypatch.setenv("OPENAI_API_KEY", "a key")
        llm = ChatModel("m", "http://models.example/v1")
        assert llm.run(["a"]) == ["Bearer a key"]
        server.shutdown()
        thread.join()
    assert asked == ["http://models.example/v1/chat/completions"]
