"""The loss audit: works with a read-only key alone, without any deployment."""

from __future__ import annotations

import json
import time
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Optional

import typer

from shipby.domain.errors import CredentialsRejectedError, ShipbyError
from shipby.domain.sellers.settings import LatePolicy, SellerSettings
from shipby_local.commands.marketplace_key import MARKETPLACE, check_address, credentials
from shipby_local.commands.shared import DATA, DataDir, OnAws, deployment_of, err, fail, out
from shipby_local.commands.text import length_of
from shipby_local.stack.errors import StackError

REQUESTS_PER_SECOND = 10.0
"""Of the 50 that the marketplace allows an account over all its programs."""
DIFFERENT = 2
"""Exit code when the marketplace's own sum of charges is another than that of its list."""


def audit(
    days: Annotated[int, typer.Option(min=1, max=364, help="How far back to read.")] = 90,
    base_url: Annotated[str, typer.Option(help="The marketplace, or a simulator of it.")] = MARKETPLACE,
    policy: Annotated[Optional[str], typer.Option(help="A preset: what would it have done?")] = None,  # noqa: UP045  # Typer evaluates it
    remind_before: Annotated[
        Optional[list[str]],  # noqa: UP045  # as above
        typer.Option(help="A reminder this long before the cut-off, such as 4h; may be repeated."),
    ] = None,
    own_settings: Annotated[
        bool, typer.Option("--own-settings", help="Take the seller's settings from the deployment (--data or --aws).")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    csv_file: Annotated[Optional[Path], typer.Option("--csv", help="Write every loss to this file.")] = None,  # noqa: UP045  # as above
    data: DataDir = DATA,
    aws: OnAws = None,
) -> None:
    """Say what lateness and cancels cost, rung by rung, and what would have come in time to save it.

    Takes OZON_CLIENT_ID and OZON_API_KEY from the environment; a read-only key is enough. Nothing is written to the
    marketplace. Exit code 2 if the marketplace's own sum of charges is not the sum of the charges it lists.
    """
    from shipby.adapters.ozon import OzonClient
    from shipby.application.deadlines.audit_losses import audit_losses
    from shipby_local.commands.loss_report import print_audit, write_csv

    client_id, key = credentials()
    check_address(base_url)
    settings, settings_of = _settings(client_id, own_settings, data, aws)
    settings = _with(settings, policy, remind_before)
    market = OzonClient(base_url, client_id, key, requests_per_second=REQUESTS_PER_SECOND)
    now = datetime.now(UTC)
    with err.status("Reading ...") if err.is_terminal else nullcontext() as status:

        def progress(what: str, count: int) -> None:
            if status is not None:
                status.update(f"Reading {what}: {count}" if count else f"Reading {what}")

        try:
            found = audit_losses(
                market, settings, since=now - timedelta(days=days), now=now, wait=time.sleep, progress=progress
            )
        except CredentialsRejectedError as error:
            raise StackError(
                f"{error}. Check OZON_CLIENT_ID and OZON_API_KEY; the key needs to read postings and ratings."
            ) from error
    _warn_of_powers(market)
    if csv_file is not None:
        try:
            write_csv(csv_file, found, settings.language)
        except OSError as error:
            raise StackError(f"{csv_file} cannot be written: {error.strerror}") from error
    if as_json:
        typer.echo(json.dumps(found.view(), ensure_ascii=False, indent=2))
    else:
        print_audit(out, found, seller=client_id, settings_of=settings_of)
    if not found.comparison.equal:
        told = found.comparison
        fail(
            f"the marketplace's own sum is {told.marketplace}, the charges it lists make {told.listed}"
            f" ({told.difference} apart) from {told.period_from} to {told.period_to}: ask its support which is right",
            DIFFERENT,
        )


def _settings(client_id: str, own: bool, data: Path, aws: str | None) -> tuple[SellerSettings, str]:
    if not own:
        return SellerSettings(seller=client_id), "default settings"
    store = deployment_of(data, aws).store()
    settings = store.settings(client_id)
    if settings is None:
        raise StackError(f"There is no seller {client_id}; known are {', '.join(store.sellers()) or 'none'}")
    return settings, "the seller's settings"


def _with(settings: SellerSettings, policy: str | None, remind_before: list[str] | None) -> SellerSettings:
    from shipby.domain.deadlines.policy import PRESETS

    if policy is not None:
        if policy not in PRESETS:
            raise StackError(f"{policy!r} is not a policy; policies are {', '.join(PRESETS)}")
        settings = replace(settings, policy=LatePolicy(policy))
    if remind_before:
        lengths = sorted((length_of(text, "--remind-before") for text in remind_before), reverse=True)
        if lengths[-1] <= timedelta(0):
            raise StackError("--remind-before must be longer than nothing")
        settings = replace(settings, remind_before=tuple(lengths))
    return settings


def _warn_of_powers(market: object) -> None:
    """Tell if the key could do more than the audit needs."""
    from shipby.adapters.ozon import OzonClient
    from shipby.adapters.ozon.methods import METHODS

    assert isinstance(market, OzonClient)  # noqa: S101  # made above
    try:
        allowed = set(market.key_info().methods)
    except ShipbyError as error:
        err.print(f"note: what the key may do could not be read ({error})", markup=False, soft_wrap=True)
        return
    acting = sorted(method.path for method in METHODS if method.acts and method.path in allowed)
    if acting:
        err.print(
            f"note: this key may also act ({', '.join(acting[:2])} …); a read-only one is enough for an audit",
            markup=False,
            soft_wrap=True,
        )
