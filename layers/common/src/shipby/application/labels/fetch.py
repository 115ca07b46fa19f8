"""Ask for official labels without holding a worker while they are made. `collect_labels` looks at what was asked for.

Who asked first has the label: a second message finds it on its way and does nothing. Its count of tries and the time
of the last ask are kept with the document, so neither a lost message nor one that comes twice does harm.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from datetime import timedelta

from shipby.application.labels.asks import (
    BATCH,
    LEFT_TO_THE_FIRST,
    Ask,
    LabelRun,
    Tools,
    again_message,
    give_up,
    try_later,
    wanted,
)
from shipby.application.labels.collect import collect_message
from shipby.application.ports.marketplace import LabelTask
from shipby.application.ports.messages import QueueMessage
from shipby.domain.errors import NeedsPersonError, NotReadyYetError, PermanentError, RetryableError
from shipby.domain.labels.options import LabelForm
from shipby.domain.sellers.settings import SellerSettings

MOST_CALLS = 40
"""How many tasks one run asks for; 20 find one bad posting among 1,000. The rest comes again as messages."""
TASK_TYPES = {LabelForm.BIG: "big_label", LabelForm.SMALL: "small_label"}
"""Task type of each form. Source: /v3/posting/fbs/package-label/create."""


def start_labels(
    seller: str,
    numbers: Iterable[str],
    tools: Tools,
    *,
    form: LabelForm | None = None,
    asked: str = "",
    redelivered: bool = False,
) -> LabelRun:
    """Ask the marketplace for the labels of assembled postings. One that is expired, cancelled, done, already there or
    on its way is left out.

    `form` None: the one of the seller's settings, or whichever the marketplace makes. `asked` goes on with an ask of
    before (see `again_message`); `redelivered`: the message comes again, so an ask that is underway may be its own.
    Raises retryable errors and CredentialsRejectedError where nothing could be asked for.
    """
    settings = tools.store.settings(seller) or SellerSettings(seller=seller)
    ask = Ask(
        seller=seller,
        form=form or settings.label_form,
        now=tools.clock.now(),
        asked=asked,
        redelivered=redelivered,
        patience=timedelta(seconds=LEFT_TO_THE_FIRST * tools.wait_seconds),
    )
    chosen = [number for number in dict.fromkeys(numbers) if _is_chosen(number, ask, tools)]
    return _Run(ask, tools, any_form=form is None).over(chosen)


def _is_chosen(number: str, ask: Ask, tools: Tools) -> bool:
    found = wanted(tools.store, ask.seller, number, ask.form)
    return found is not None and ask.may_ask(found.document)


class _Run:
    """Asks for batch after batch; what is refused is halved, so that a bad posting delays nobody."""

    def __init__(self, ask: Ask, tools: Tools, *, any_form: bool) -> None:
        self._ask, self._tools, self._any_form = ask, tools, any_form
        self._again: list[QueueMessage] = []
        self._failed: dict[str, str] = {}

    def over(self, numbers: Sequence[str]) -> LabelRun:
        size = min(self._tools.at_once, BATCH)
        batches = deque(numbers[start : start + size] for start in range(0, len(numbers), size))
        calls = 0
        while batches:
            batch = batches.popleft()
            if calls == MOST_CALLS:
                self._leave([batch, *batches])
                break
            calls += 1
            try:
                tasks = self._tools.marketplace.create_label_tasks(batch)
            except (NotReadyYetError, PermanentError) as error:
                half = len(batch) // 2
                if half:
                    batches += [batch[:half], batch[half:]]
                else:
                    self._refused(batch[0], error)
            except (RetryableError, NeedsPersonError):
                if not self._again:
                    raise  # nothing is lost: the messages come again
                self._leave([batch, *batches])
                break
            else:
                self._asked(batch, tasks)
        return LabelRun((), self._failed, tuple(self._again))

    def _leave(self, batches: Iterable[Sequence[str]]) -> None:
        ask = self._ask
        self._again += [
            again_message(ask.seller, batch, ask.form, ask.asked, self._tools.wait_seconds) for batch in batches
        ]

    def _refused(self, number: str, error: NotReadyYetError | PermanentError) -> None:
        ask, tools = self._ask, self._tools
        if not ask.note(number, tools.store):
            return
        if isinstance(error, NotReadyYetError):
            retried, given_up = try_later(ask.seller, {number: str(error)}, tools, form=ask.form, asked=ask.token)
            self._again += retried
            self._failed |= given_up
        else:
            self._failed |= give_up(ask.seller, number, str(error), tools, form=ask.form)

    def _asked(self, batch: Sequence[str], tasks: Sequence[LabelTask]) -> None:
        ask, tools = self._ask, self._tools
        made, of_form = _of_form(tasks, ask.form)
        if of_form is not ask.form and not self._any_form:
            problem = (
                f"the marketplace makes no {ask.form} label of it, only the {of_form} one: print it with form {of_form}"
            )
            for number in batch:
                if ask.note(number, tools.store):
                    self._failed |= give_up(ask.seller, number, problem, tools, form=ask.form)
            return
        if of_form is not ask.form:
            ask = Ask(seller=ask.seller, form=of_form, now=ask.now, redelivered=ask.redelivered, patience=ask.patience)
        # Noted only now: had the call failed, the ask would look as if it were underway.
        noted = [number for number in batch if ask.note(number, tools.store)]
        if noted:
            self._again.append(collect_message(ask.seller, [task.id for task in made], batch, ask.form, ask.token, 2))


def _of_form(tasks: Sequence[LabelTask], form: LabelForm) -> tuple[Sequence[LabelTask], LabelForm]:
    """The tasks of one form and which form that is: the wanted one, or the only one there is.

    A task of an unknown type counts as the wanted form.
    """
    other = LabelForm.SMALL if form is LabelForm.BIG else LabelForm.BIG
    exact = [task for task in tasks if task.type == TASK_TYPES[form]]
    unknown = [task for task in tasks if task.type != TASK_TYPES[other]]
    return (exact or unknown, form) if exact or unknown else (tasks, other)
