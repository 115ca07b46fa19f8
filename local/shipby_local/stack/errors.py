"""What can keep the embedded stack from working; each message says what happened and what to do.

StackError
├── PythonTooOldError        the interpreter is older than 3.11
├── PortTakenError           another program listens on a port that was asked for
├── DataFolderLockedError    another running stack owns the data folder
├── DataFolderBrokenError    the saved state cannot be read back in full
├── EmulatorError            the emulator process did not start, died, or is another version
├── TemplateError            the template or the code it names cannot be deployed
└── DrainTimeoutError        work was still under way when the time given to wait ran out
"""


class StackError(Exception):
    """Base of all errors of the embedded stack; its text is meant for the person at the terminal."""


class PythonTooOldError(StackError):
    """The running interpreter cannot run the functions."""


class PortTakenError(StackError):
    """The wanted port on 127.0.0.1 is in use by another program."""


class DataFolderLockedError(StackError):
    """A running stack holds the data folder."""


class DataFolderBrokenError(StackError):
    """A file of the saved state is missing or unreadable: starting would silently lose data."""


class EmulatorError(StackError):
    """The emulator's process did not start, ended unasked, or is a version this glue was not written for."""


class TemplateError(StackError):
    """The template, or the code it points to, cannot be deployed locally."""


class DrainTimeoutError(StackError):
    """Queues or the stream still held work when the time to wait was over."""


# Exit codes by which the emulator's process says why it could not start.
EXIT_BROKEN_DATA = 3
EXIT_WRONG_VERSION = 4
