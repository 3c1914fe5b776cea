"""Where Firebolt is, by the environment: what is missing, what is refused, what is checked."""

from __future__ import annotations

import os
import resource
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from typer.testing import CliRunner

from dreambolt_steps.cli.app import app
from dreambolt_steps.errors import (
    CredentialError,
    DreamboltError,
    UsageError,
    WarehouseBusyError,
    WarehouseError,
)
from dreambolt_steps.warehouses.firebolt import check as firebolt_check
from dreambolt_steps.warehouses.firebolt import connection
from dreambolt_steps.warehouses.firebolt.check import check_firebolt, run_checks
from dreambolt_steps.warehouses.firebolt.connection import FireboltConnection
from dreambolt_steps.warehouses.firebolt.errors import ConnectionLostError
from dreambolt_steps.warehouses.firebolt.location import create_location
from dreambolt_steps.warehouses.firebolt.prepare import FireboltOptions
from dreambolt_steps.warehouses.firebolt.settings import read_settings, read_staging
from dreambolt_steps.warehouses.firebolt.warehouse import FireboltWarehouse
from dreambolt_steps.warehouses.load import Load
from dreambolt_steps.warehouses.s3_staging.bucket import open_bucket
from tests.standins.firebolt import ACCOUNT, CLIENT_ID, CLIENT_SECRET, FireboltServer, serve
from tests.standins.firebolt_engine import Engine

MANAGED = {
    "FIREBOLT_CLIENT_ID": CLIENT_ID,
    "FIREBOLT_CLIENT_SECRET": CLIENT_SECRET,
    "FIREBOLT_ACCOUNT": ACCOUNT,
    "FIREBOLT_DATABASE": "firebolt",
    "FIREBOLT_ENGINE": "engine",
}


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("FIREBOLT_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "FIRST_PAUSE", 0.001)


@pytest.fixture
def core(monkeypatch: pytest.MonkeyPatch) -> Iterator[FireboltServer]:
    with serve(Engine()) as server:
        monkeypatch.setenv("FIREBOLT_CORE_URL", server.url)
        yield server


@pytest.fixture
def managed(monkeypatch: pytest.MonkeyPatch) -> Iterator[FireboltServer]:
    """The stand-in with the managed login; its hosts are names of this machine."""
    resolve = socket.getaddrinfo

    def resolve_here(host: Any, *rest: Any, **more: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        return resolve("127.0.0.1" if str(name).endswith(".localhost") else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolve_here)
    with serve(Engine(), managed=True) as server:
        for name, value in MANAGED.items():
            monkeypatch.setenv(name, value)
        endpoint = f"http://api.localhost:{server.server_address[1]}"
        monkeypatch.setenv("FIREBOLT_API_ENDPOINT", endpoint)
        yield server


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CredentialError) as caught:
        read_settings()
    assert all(name in str(caught.value) for name in (*MANAGED, "FIREBOLT_CORE_URL"))
    for name in ("FIREBOLT_CLIENT_ID", "FIREBOLT_CLIENT_SECRET", "FIREBOLT_ACCOUNT"):
        monkeypatch.setenv(name, "x")
    assert read_settings("firebolt://lake/loader").name == "firebolt://lake/loader"
    with pytest.raises(CredentialError, match=r"^Firebolt: FIREBOLT_ENGINE not set"):
        read_settings("firebolt://lake")


@pytest.mark.parametrize(
    "target",
    [
        "firebolt://id:secret@lake",
        "firebolt://lake?secret=1",
        "firebolt://a/b/c",
        "firebolt://x:1/e",
    ],
)
def test_targets_hold_no_secrets_and_no_addresses(
    target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIREBOLT_CORE_URL", "http://localhost:3473")
    with pytest.raises(UsageError) as caught:
        read_settings(target)
    assert "id:secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "refused"),
    [
        ("http://localhost:3473", False),
        ("http://127.0.0.9:1", False),
        ("http://[::1]:3473", False),
        ("https://core.example.com", False),
        ("http://core.example.com", True),
        ("http://10.0.0.1:3473", True),
        ("core:3473", True),
    ],
)
def test_http_only_reaches_this_machine(
    url: str, refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIREBOLT_CORE_URL", url)
    if not refused:
        assert read_settings().core_url == url
        return
    with pytest.raises(UsageError, match="FIREBOLT_CORE_URL"):
        read_settings()
    if url.startswith("http"):
        monkeypatch.setenv("FIREBOLT_ALLOW_HTTP", "1")
        assert read_settings().core_url == url


@pytest.mark.parametrize("staging", ["bucket/x", "s3://", "s3:///x", "s3://b/x'y", "s3://b//x"])
def test_impossible_stagings(staging: str) -> None:
    with pytest.raises(UsageError, match="s3://bucket/prefix/"):
        read_staging(staging)


def test_secrets_are_masked_and_crashes_write_no_core(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in MANAGED.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA'1")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very'secret")
    settings = read_settings()
    told = f"{settings!r} {settings.access} {settings.mask(f'AKIA{chr(39) * 2}1 {CLIENT_SECRET}')}"
    for secret in (CLIENT_SECRET, "very", "AKIA"):
        assert secret not in told
    assert resource.getrlimit(resource.RLIMIT_CORE)[0] in (0, 1)


def test_questions_are_asked_again_and_others_are_not(core: FireboltServer, quick: None) -> None:
    with FireboltConnection(read_settings()) as connection:
        connection.ask("CREATE TABLE t (a INTEGER NULL)")
        for what in ("503", "502", "429", "cut before", "cut after"):
            core.break_at(what, "SELECT", times=2)
            assert connection.ask("SELECT count(*) FROM t") == [[0]]
        core.break_at("503", "INSERT")
        with pytest.raises(WarehouseBusyError, match="busy"):
            connection.send("INSERT INTO t VALUES (1)")
        core.break_at("cut after", "INSERT")
        with pytest.raises(ConnectionLostError):
            connection.send("INSERT INTO t VALUES (1)")
        assert connection.ask("SELECT count(*) FROM t") == [[1]]
        core.break_at("503", "SELECT", times=9)
        with pytest.raises(WarehouseBusyError):
            connection.ask("SELECT 1")
        core.faults.clear()
        core.break_at("error 200", "SELECT")
        with pytest.raises(WarehouseError, match=r"at SELECT 1 .*: .*something went wrong"):
            connection.ask("SELECT 1")


def test_a_server_that_is_gone(quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("FIREBOLT_CORE_URL", f"http://127.0.0.1:{free.getsockname()[1]}")
    with pytest.raises(WarehouseBusyError, match=r"127\.0\.0\.1.* could not be made"):
        check_firebolt(upload=True)


def test_the_managed_login_its_engine_and_a_token_that_expires(
    managed: FireboltServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(firebolt_check, "POLL", 0.01)
    settings = read_settings()
    assert [check.told for check in run_checks(settings, None)] == [
        "engine is running", "firebolt is there", "yes",
    ]  # fmt: skip
    managed.engine.engines["engine"] = "STOPPED"
    [check] = run_checks(settings, None)
    assert str(check.problem).endswith("engine 'engine' is stopped; a load starts it")
    check_firebolt(upload=True)
    assert 'START ENGINE "engine"' in managed.statements
    with FireboltConnection(settings) as connection:
        managed.expire_tokens()
        assert connection.ask("SELECT 1") == [[1]]


@pytest.mark.parametrize(
    ("name", "value", "kind", "words"),
    [
        ("FIREBOLT_CLIENT_SECRET", "wrong-secret", CredentialError, "FIREBOLT_CLIENT_SECRET"),
        ("FIREBOLT_ACCOUNT", "other", CredentialError, "check FIREBOLT_ACCOUNT"),
        ("FIREBOLT_ENGINE", "other", WarehouseError, "no engine 'other'; check FIREBOLT_ENGINE"),
        ("FIREBOLT_DATABASE", "other", WarehouseError, "no database 'other'.* FIREBOLT_DATABASE"),
    ],
)
def test_what_is_wrong_is_told_by_the_variable_to_set(
    managed: FireboltServer,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    value: str,
    kind: type[DreamboltError],
    words: str,
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(kind, match=words) as caught:
        check_firebolt(upload=True)
    assert "\n" not in str(caught.value)
    assert "wrong-secret" not in str(caught.value)


def test_a_user_who_may_not_write(core: FireboltServer) -> None:
    core.engine.read_only = True
    with pytest.raises(WarehouseError, match=r"not authorized.*ask for the privilege"):
        check_firebolt(upload=True)
    with pytest.raises(CredentialError, match="FIREBOLT_STAGING not set"):
        check_firebolt()


def test_the_engine_reads_what_is_staged_and_nothing_stays(
    firebolt_server: FireboltServer, s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_firebolt()
    prefix = os.environ["FIREBOLT_STAGING"].removeprefix("s3://bucket/")
    assert "Contents" not in open_bucket().list_objects_v2(Bucket="bucket", Prefix=prefix)
    tables = firebolt_server.engine.run("SELECT count(*) FROM information_schema.tables")
    assert tables["data"] == [[0]]
    monkeypatch.setenv("FIREBOLT_LOCATION", "lake")
    with pytest.raises(WarehouseError, match="no LOCATION lake; `dreambolt create-location`"):
        check_firebolt()
    monkeypatch.delenv("FIREBOLT_LOCATION")
    monkeypatch.setenv("FIREBOLT_STAGING", "s3://no-such-bucket/x/")
    with pytest.raises(WarehouseError, match="no such bucket; check FIREBOLT_STAGING"):
        check_firebolt()


def test_a_location_is_made_on_request_and_read_by(
    firebolt_server: FireboltServer, s3: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FIREBOLT_LOCATION", "lake")
    secret = os.environ["AWS_SECRET_ACCESS_KEY"]
    planned = CliRunner().invoke(app, ["create-location", "--dry-run"])
    assert planned.exit_code == 0, planned.stderr
    assert planned.stdout.startswith('would send: CREATE LOCATION IF NOT EXISTS "lake" WITH SOURCE')
    assert secret not in planned.stdout
    assert firebolt_server.statements == []
    for _ in range(2):
        done = CliRunner().invoke(app, ["create-location"])
        assert done.exit_code == 0, done.stderr
        assert done.stdout == f"LOCATION lake is there; the engine reads {staging()} by it\n"
    pq.write_table(pa.table({"id": [1, 2]}), tmp_path / "a.parquet")
    before = len(firebolt_server.statements)
    FireboltWarehouse(read_settings()).load_files(Load("t", "one"), [tmp_path / "a.parquet"])
    sent = "\n".join(firebolt_server.statements[before:])
    assert 'FROM "lake" WITH (TYPE = PARQUET' in sent
    assert secret not in sent
    assert firebolt_server.engine.run('SELECT count(*) FROM "t"')["data"] == [[2]]


def staging() -> str:
    return os.environ["FIREBOLT_STAGING"]


@pytest.mark.parametrize(
    ("variables", "kind", "words"),
    [
        ({"FIREBOLT_LOCATION": ""}, CredentialError, "FIREBOLT_LOCATION not set"),
        ({"FIREBOLT_STAGING": ""}, CredentialError, "_URL or FIREBOLT_STAGING not set"),
        ({"AWS_SECRET_ACCESS_KEY": ""}, CredentialError, "AWS_SECRET_ACCESS_KEY"),
        ({"AWS_SESSION_TOKEN": "t"}, UsageError, "when AWS_SESSION_TOKEN expires"),
    ],
)
def test_locations_that_would_not_work(
    core: FireboltServer,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    kind: type[DreamboltError],
    words: str,
) -> None:
    given = {"FIREBOLT_LOCATION": "lake", "FIREBOLT_STAGING": "s3://b/x/", "AWS_ACCESS_KEY_ID": "k"}
    for name, value in (given | {"AWS_SECRET_ACCESS_KEY": "s"} | variables).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(kind, match=words):
        create_location()


def test_a_refused_location_does_not_repeat_its_keys(
    core: FireboltServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIREBOLT_LOCATION", "lake")
    monkeypatch.setenv("FIREBOLT_LOCATION_URL", "s3://b/x/")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key-of-the-test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-of-the-test")
    core.break_at("repeat", "CREATE LOCATION")
    with pytest.raises(WarehouseError, match="can't do CREATE LOCATION") as caught:
        create_location()
    told = str(caught.value)
    assert "<AWS_SECRET_ACCESS_KEY>" in told
    assert "of-the-test" not in told


def test_a_stopped_engine_is_started_by_what_needs_it(
    managed: FireboltServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(firebolt_check, "POLL", 0.01)
    warehouse = FireboltWarehouse(read_settings())
    for ask in (lambda: warehouse.query("SELECT 1"), lambda: warehouse.holds_load("t", "one")):
        managed.engine.engines["engine"] = "STOPPED"
        ask()
        assert managed.engine.engines["engine"] == "RUNNING"


def test_the_managed_service_takes_a_whole_load(
    managed: FireboltServer,
    s3: Any,
    s3_endpoint: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    quick: None,
) -> None:
    managed.engine.s3_endpoint = s3_endpoint
    monkeypatch.setenv("FIREBOLT_STAGING", "s3://bucket/managed/")
    monkeypatch.setattr(firebolt_check, "POLL", 0.01)
    managed.engine.engines["engine"] = "STOPPED"
    check_firebolt()
    pq.write_table(pa.table({"id": [1, 2]}), tmp_path / "a.parquet")
    managed.break_at("expire", "^COPY")
    managed.break_at("cut after", "^COMMIT")
    load = Load("t", "one", mode="merge", key=("id",))
    with pytest.raises(UsageError, match="takes no uploads"):
        FireboltWarehouse(read_settings(), FireboltOptions(upload=True)).load_files(
            load, [tmp_path / "a.parquet"]
        )

    def stop_engine(done: int, total: int) -> None:
        managed.engine.engines["engine"] = "STOPPED"  # as it does by itself while files are staged

    warehouse = FireboltWarehouse(read_settings(), on_stage=stop_engine)
    assert warehouse.load_files(load, [tmp_path / "a.parquet"]).rows == 2
    assert managed.engine.engines["engine"] == "RUNNING"
    assert managed.logins > 3
    assert managed.engine.run('SELECT "id" FROM "t" ORDER BY 1')["data"] == [[1], [2]]
    prefix = {"Bucket": "bucket", "Prefix": "managed/"}
    assert "Contents" not in open_bucket().list_objects_v2(**prefix)


def test_a_certificate_that_is_not_trusted_is_refused_at_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    certificate = write_certificate(tmp_path)
    with serve(Engine(), certificate=certificate) as server:
        monkeypatch.setenv("FIREBOLT_CORE_URL", server.url)
        with pytest.raises(WarehouseError, match="certificate is not trusted here") as caught:
            check_firebolt(upload=True)
        assert not isinstance(caught.value, WarehouseBusyError)
        assert server.statements == []
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        check_firebolt(upload=True)
        assert server.statements


def write_certificate(folder: Path) -> Path:
    """A certificate for 127.0.0.1 that nobody vouches for, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(secret + built.public_bytes(serialization.Encoding.PEM))
    return path


def test_status_says_what_firebolt_answers(firebolt_server: FireboltServer) -> None:
    done = CliRunner(env={"COLUMNS": "120"}).invoke(app, ["status"])
    assert done.exit_code == 0, done.stderr
    for line in (
        "  FIREBOLT_CLIENT_SECRET: missing",
        "  FIREBOLT_CORE_URL: present",
        f"  Firebolt, engine: Firebolt Core at {firebolt_server.url}",
        "  Firebolt, database: firebolt is there",
        "  Firebolt, may write: yes",
        "  Firebolt, staging: the engine reads s3://bucket",
    ):
        assert line in done.stdout
    firebolt_server.engine.read_only = True
    done = CliRunner(env={"COLUMNS": "120"}).invoke(app, ["status"])
    assert "  Firebolt, may write: no: " in done.stdout
