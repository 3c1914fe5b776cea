"""`run` and `ingest`: a recipe in a session, watched, with a table at its end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from glob import iglob
from pathlib import Path
from typing import Any

from dreambolt_steps.cli.step_arguments import (
    parse_clean,
    parse_copy,
    parse_load,
    parse_model_args,
    parse_since,
)
from dreambolt_steps.embedding.open_embedder import check_embedder
from dreambolt_steps.errors import UsageError
from dreambolt_steps.llms.open_model import check_language_model
from dreambolt_steps.local_path import read_local_path
from dreambolt_steps.recipes.recipe import Recipe, load_recipe
from dreambolt_steps.unknown_names import tell_known
from dreambolt_steps.warehouses.firebolt.settings import is_firebolt
from dreambolt_steps.warehouses.load import MODES

INGEST_STEPS = ("load", "clean", "synthesize", "assess", "embed", "export", "copy into")
INGEST = Path(__file__).parent.parent / "recipes" / "ingest.py"


@dataclass(frozen=True)
class RunOptions:
    """How a recipe is run, whatever it is.

    Attributes:
        session: the session's folder; None for one named after the recipe or the source.
        dry_run: only say what would be written and loaded.
        fresh: steps to run again.
        wait: seconds to wait for a session that is in use; None for as long as it takes.
        max_rejects: the most rejected rows, as `limit_rejects` takes it; None for any number.
        max_cost: USD that each step may spend on language models; None for any amount.
        min_quality: the lowest quality of synthetic rows, 0 to 100; None for any.
        engine, address: where the work is done, as `use_engine` takes them.
        json_logs, quiet: what is printed.
    """

    session: Path | None
    dry_run: bool
    fresh: Sequence[str]
    wait: float | None
    max_rejects: str | None
    max_cost: float | None
    min_quality: float | None
    engine: str
    address: str | None
    json_logs: bool
    quiet: bool


@dataclass(frozen=True)
class PreparedRun:
    """A recipe whose arguments are checked.

    Attributes:
        recipe: to run.
        arguments: of its function.
        session: the folder of its session.
    """

    recipe: Recipe
    arguments: dict[str, Any]
    session: Path


def run_watched(prepare: Callable[[], PreparedRun], options: RunOptions) -> None:
    """Prepare a run and do it, listened to from its first argument to its last word."""
    from dreambolt_steps.cli.watch_run import watch_run

    listening = {"json_logs": options.json_logs, "quiet": options.quiet}
    with watch_run(dry_run=options.dry_run, **listening) as watched:
        with _show_start(options):
            prepared = prepare()
        watched.session = prepared.session
        watched.as_options = prepared.recipe.path == INGEST
        _run(prepared, options)


def _show_start(options: RunOptions) -> AbstractContextManager[object]:
    """A spinner while what the run needs is imported; on a terminal alone."""
    from rich.console import Console

    is_wanted = not options.quiet and not options.json_logs
    return Console(stderr=True).status("starting") if is_wanted else nullcontext()


def prepare_recipe(path: Path, settings: Sequence[str], options: RunOptions) -> PreparedRun:
    """Read a recipe file; its session is `sessions/<name of the file>` unless one is named."""
    from dreambolt_steps.cli.early_checks import check_fresh, check_limit

    check_limit(options.max_rejects)
    recipe = load_recipe(path)
    arguments = recipe.parse_settings(settings)
    folder = _find_session(options) or Path("sessions") / path.stem
    check_fresh(options.fresh, folder, recipe=recipe.path)
    return PreparedRun(recipe, arguments, folder)


def prepare_ingest(
    source: str,
    wanted: dict[str, str],
    embed: Sequence[str],
    synth: int,
    *,
    load: Sequence[str],
    since: str | None,
    clean: Sequence[str],
    contract: Path | None,
    copy: Sequence[str],
    columns: Sequence[str],
    model_args: Sequence[str],
    options: RunOptions,
) -> PreparedRun:
    """Check what the packaged recipe is asked to do with a source; names that are not given come
    from the source's name."""
    from dreambolt_steps.cli.early_checks import (
        check_columns,
        check_export,
        check_fresh,
        check_limit,
    )
    from dreambolt_steps.steps.base.check_target import check_target

    check_limit(options.max_rejects)
    load_args, clean_args = parse_load(load), parse_clean(clean, columns)
    load_args |= parse_since(since, wanted["mode"])
    if wanted["mode"] not in MODES:
        raise UsageError(f"--mode {wanted['mode']}: {tell_known(wanted['mode'], MODES)}")
    copy_args = parse_copy(copy, wanted["mode"], wanted["database"])
    check_synthesis(synth, wanted["method"], wanted["model"])
    if wanted["embedder"] and not embed:
        raise UsageError("--embedder is a model for --embed; name a column, such as --embed name")
    if embed:
        check_embedder(wanted["embedder"])
    if options.min_quality is not None and not synth:
        raise UsageError("--min-quality is about synthetic rows; say how many with --synth")
    if wanted["model_mode"] == "batch" and not (synth and wanted["model"]):
        raise UsageError("--batch asks a model; name one with --llm, and --synth rows")
    if contract is not None:
        from dreambolt_steps.contracts.contract_file import read_contract

        read_contract(contract)  # what is wrong with it is told before anything is made
        clean_args["contract"] = str(contract)
    check_source(source)
    name = name_source(source)
    folder = _find_session(options) or Path("sessions") / name
    check_fresh(options.fresh, folder, INGEST_STEPS)
    key = copy_args.get("key", ())
    check_columns(source, load_args, clean_args, embed=embed, key=key)
    out = wanted["out"] or f"out/{name}"
    check_export(out)
    if is_firebolt(wanted["database"]) and not options.dry_run:
        from dreambolt_steps.warehouses.firebolt.check import check_firebolt

        staging = copy_args.get("staging")
        check_firebolt(wanted["database"], staging, upload=copy_args.get("upload", False))
    database, table = wanted["database"] or f"out/{name}.duckdb", wanted["table"] or name
    check_target(database, table, mode=wanted["mode"], key=key, session=folder)
    arguments: dict[str, Any] = {
        **wanted,
        "source": source,
        "out": out,
        "database": database,
        "table": table,
        "embed": list(embed),
        "load": load_args,
        "clean": clean_args,
        "copy": copy_args,
        "rows": synth,
        "model_args": parse_model_args(model_args, wanted["model"]),
    }
    return PreparedRun(load_recipe(INGEST), arguments, folder)


def _find_session(options: RunOptions) -> Path | None:
    told = options.session
    return None if told is None else read_local_path(told, "a session")


def check_synthesis(rows: int, method: str, model: str) -> None:
    """Fail for a synthesis that can't be done, before any work.

    Raises:
        UsageError: options that do not go together.
        CredentialError, ModelError: the model or the method can't be used.
    """
    if method not in ("model", "copula"):
        raise UsageError(f"--synth-method {method}: {tell_known(method, ('model', 'copula'))}")
    if method == "copula" and model:
        raise UsageError(f"--synth-method copula needs no model; leave out --llm {model}")
    if (method == "copula" or model) and not rows:
        option = "--llm" if model else "--synth-method"
        raise UsageError(f"{option} makes rows; say how many with --synth, such as --synth 50")
    if not rows:
        return
    if method == "copula":
        from dreambolt_steps.synthesis.libraries import check_library

        check_library()
    elif model:
        check_language_model(model, ask=True)
    else:
        raise UsageError(
            "--synth needs a model; name one with --llm, such as --llm gpt-4o-mini or local, or "
            "draw rows without one: --synth-method copula"
        )


def check_source(source: str) -> None:
    """Fail for a source that is not there before a session is made for it.

    Raises:
        SourceError: nothing is there, or it is no file.
        CredentialError: S3 keys are missing or refused.
    """
    from dreambolt_steps.sources.source import resolve_source

    local = Path(source).expanduser()
    matches = iglob(str(local), recursive=True)  # noqa: PTH207 (Path.glob takes no absolute patterns)
    if source.startswith("s3://") or local.is_dir() or next(matches, None) is None:
        resolve_source(source)


def name_source(source: str) -> str:
    """A name for what comes of a source: that of the file, or of its folder for a glob."""
    from dreambolt_steps.tables.naming import clean_names

    parts = [part for part in source.rstrip("/").split("/") if part not in ("", "s3:")]
    plain = [part for part in parts if not set("*?[") & set(part)] or ["table"]
    return clean_names([plain[-1].split(".")[0]])[0]


def _run(prepared: PreparedRun, options: RunOptions) -> None:
    from dreambolt_steps.cli.failures import is_debugging
    from dreambolt_steps.dry_run import rehearse
    from dreambolt_steps.engines.current import use_engine
    from dreambolt_steps.llms.ledger.spending import limit_spending
    from dreambolt_steps.session.session import open_session
    from dreambolt_steps.steps.base.quality_limit import require_quality
    from dreambolt_steps.steps.base.reject_limit import limit_rejects

    limit, lowest = options.max_rejects, options.min_quality
    with (
        limit_rejects(limit) if limit is not None else nullcontext(),
        limit_spending(options.max_cost),
        rehearse() if options.dry_run else nullcontext(),
        nullcontext() if lowest is None or options.dry_run else require_quality(lowest),
        use_engine(options.engine, options.address),
        open_session(
            prepared.session, fresh=options.fresh, wait=options.wait, verbose=is_debugging()
        ),
    ):
        prepared.recipe.run(prepared.arguments)
