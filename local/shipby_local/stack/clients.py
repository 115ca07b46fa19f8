"""boto3 clients that the caller's own AWS profile, configuration files and proxies cannot lead astray."""

import os
from collections.abc import Callable
from typing import Any


def isolated_clients(region: str) -> Callable[..., Any]:
    """A function that creates clients; all of them share the loaded service models."""
    # Imported here: the emulator's own process loads this package too and starts a quarter of a second sooner without.
    import boto3
    from botocore.config import Config
    from botocore.session import Session

    # Patient, because two cores run everything.
    config = Config(
        connect_timeout=5,
        read_timeout=120,
        retries={"mode": "standard", "total_max_attempts": 3},
        max_pool_connections=20,
        proxies={},
        s3={"addressing_style": "path"},
    )
    nothing = (None, None, os.devnull, None)
    core = Session({"profile": (None, None, None, None), "config_file": nothing, "credentials_file": nothing})
    # The overloads of boto3's type stubs know literal service names only.
    create: Callable[..., Any] = boto3.Session(region_name=region, botocore_session=core).client
    return lambda service, **arguments: create(service, config=config, **arguments)
