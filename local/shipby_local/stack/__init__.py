"""The embedded stack: AWS on a laptop, without an account, Docker or root.

`Emulator` is only the emulated services (quick, for tests of adapters). `Stack` adds everything in the SAM template.
"""

from shipby_local.stack.datafolder import stop_running
from shipby_local.stack.emulation.emulator import Emulator
from shipby_local.stack.errors import (
    DataFolderBrokenError,
    DataFolderLockedError,
    DrainTimeoutError,
    EmulatorError,
    PortTakenError,
    PythonTooOldError,
    StackError,
    TemplateError,
)
from shipby_local.stack.settings import UNLIMITED, StackSettings
from shipby_local.stack.stack import Drained, Invocation, Stack

__all__ = [
    "UNLIMITED",
    "DataFolderBrokenError",
    "DataFolderLockedError",
    "DrainTimeoutError",
    "Drained",
    "Emulator",
    "EmulatorError",
    "Invocation",
    "PortTakenError",
    "PythonTooOldError",
    "Stack",
    "StackError",
    "StackSettings",
    "TemplateError",
    "stop_running",
]
