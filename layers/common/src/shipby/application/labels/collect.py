"""Look at label tasks: prove what is in their files, store it, ask again for what is not there."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from shipby.application.labels.aside import LabelFile, open_unreadable_case, set_aside
from shipby.application.labels.asks import LabelRun, Tools, try_later, wanted
from shipby.application.labels.names import expected_of, lookup
from shipby.application.labels.storing import store_label
from shipby.application.ports.marketplace import LabelTaskResult
from shipby.application.ports.messages import QueueMessage
from shipby.application.ports.press import LabelPage
from shipby.domain.errors import InvalidInputError, NotReadyYetError, StoreUnavailableError, VersionConflictError
from shipby.domain.json_types import Json
from shipby.domain.labels.options import LabelForm
from shipby.domain.labels.page_proof import Expected, PageSaid, Proof, boxes_amiss, print_order, prove_pages
from shipby.domain.labels.pages import PageVerdict
from shipby.domain.skew import age

PATIENCE = timedelta(minutes=30)
"""How long the first label task of a posting may stay unfinished; how long tasks live is not documented."""
PATIENCE_AGAIN = timedelta(minutes=5)
"""The same for the tasks of later tries: each is watched, and a person still hears of it within the hour."""
PARTS = 8
"""Into how many smaller files one that cannot be opened is split: 1,000 postings are alone after four times."""
OVERRIDE_HINT = "look at it, then let it print with a reason: POST /v1/postings/{number}/labels/{id}/override"


def collect_message(
    seller: str, ids: Sequence[str], numbers: Sequence[str], form: LabelForm, asked: str, delay: int
) -> QueueMessage:
    """Look at these tasks later. `numbers` are all postings they were made for, whatever became of them since."""
    body: dict[str, Json] = {
        "seller": seller,
        "task": "collect",
        "ids": list(ids),
        "postings": list(numbers),
        "form": form,
        "asked": asked,
    }
    return QueueMessage(body=body, group=seller, delay_seconds=delay)


def collect_labels(
    seller: str,
    task_ids: Sequence[str],
    numbers: Sequence[str],
    tools: Tools,
    *,
    form: LabelForm = LabelForm.BIG,
    asked: str = "",
) -> LabelRun:
    """Store what is ready and proven, ask again for what is not, set aside what is proven wrong.

    A page belongs to the posting that it names, never to its place. A posting whose page is missing or cannot be read
    is asked for alone; if even then its page cannot be read, it is stored and waits for a person's word.
    Raises MarketplaceUnavailableError and other retryable errors: nothing is lost, the message comes again.
    """
    batch = _Batch(seller=seller, task_ids=task_ids, numbers=numbers, form=form, asked=asked, tools=tools)
    wanting = batch.wanting()
    if not wanting:
        return LabelRun()
    results = [tools.marketplace.label_task(identifier) for identifier in task_ids]
    if any(result.state in ("pending", "in_progress") for result in results):
        return batch.look_again(wanting)
    return batch.collect(wanting, results)


@dataclass(frozen=True, slots=True)
class _Found:
    """What the files of a batch held."""

    pages: Sequence[LabelPage]
    digest: str
    problems: Mapping[str, str]
    """Posting number -> why the marketplace did not print it, or why its file is of no use."""
    broken: bool = False


@dataclass(frozen=True, slots=True)
class _Stored:
    ready: list[str] = field(default_factory=list)
    unproven: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    """Proven, but the store was away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    seller: str
    task_ids: Sequence[str]
    numbers: Sequence[str]
    form: LabelForm
    asked: str
    tools: Tools

    @property
    def alone(self) -> bool:
        """Whether the files were made for exactly one posting."""
        return len(self.numbers) == 1

    def wanting(self) -> list[str]:
        store = self.tools.store
        return [number for number in self.numbers if wanted(store, self.seller, number, self.form)]

    def look_again(self, wanting: Sequence[str]) -> LabelRun:
        """Wait for a task, but not for ever: what was asked for too long ago is asked for anew, counting a try."""
        now = self.tools.clock.now()
        overdue: dict[str, str] = {}
        waiting = 0
        for number in wanting:
            found = wanted(self.tools.store, self.seller, number, self.form)
            if found is None or found.document is None or not found.asked_with(self.asked):
                continue
            patience = PATIENCE if found.document.attempts <= 1 else PATIENCE_AGAIN
            if age(found.document.asked_at, now) > patience:
                overdue[number] = "the marketplace does not finish its label task; it is asked for another one"
            else:
                waiting += 1
        again, failed = self._try_later(overdue)
        if waiting:
            again.append(self._message(self.tools.wait_seconds))
        return LabelRun((), failed, tuple(again))

    def collect(self, wanting: Sequence[str], results: Sequence[LabelTaskResult]) -> LabelRun:
        found = self._open(results)
        said = [_said(page) for page in found.pages]
        expected = {number: expected_of(self.tools.store, self.seller, number) for number in self.numbers}
        proof = prove_pages(said, expected, lookup(self.tools.store, self.seller))
        lacking = [number for number in wanting if number not in proof.pages and number not in found.problems]
        # Before anything is stored: a repeated message that finds all labels stored looks at no file any more.
        file = LabelFile(
            seller=self.seller,
            numbers=self.numbers,
            form=self.form,
            digest=found.digest,
            pages=found.pages,
            said=said,
            lacking=len(lacking),
        )
        set_aside(file, proof, self.tools)
        short = self._short(wanting, expected, said, proof)
        whole = [number for number in wanting if number not in short]
        stored = self._store(whole, found.pages, said, proof, expected)
        done = {*stored.ready, *stored.unproven, *stored.left}
        missing = {
            number: found.problems.get(number) or short.get(number) or _why_missing(number, proof)
            for number in wanting
            if number not in done and (number in found.problems or number in short or number not in proof.pages)
        }
        # What the marketplace left out, or a file for one that is broken, has nothing to do with others.
        alone = set() if found.broken or self.alone else {number for number in missing if number not in found.problems}
        again, failed = self._try_later(missing, alone=alone, parts=PARTS if found.broken else 1)
        if stored.left:
            again.append(self._message(self.tools.wait_seconds))
        return LabelRun(tuple(stored.ready), failed, tuple(again), tuple(stored.unproven))

    def _open(self, results: Sequence[LabelTaskResult]) -> _Found:
        """Nothing of a file is used unless all of it can be opened."""
        problems: dict[str, str] = {}
        pages: list[LabelPage] = []
        digest = hashlib.sha256()
        broken = False
        for result in results:
            problems |= result.unprinted
            problem = result.error
            if result.file_url:
                try:
                    content = self.tools.marketplace.download(result.file_url)
                    pages += self.tools.papers.pages(content)
                    digest.update(content)
                except NotReadyYetError as error:
                    problem = str(error)
                except InvalidInputError as error:
                    broken = True
                    problem = f"{error}; nothing of it was used. Print this label in the seller's account meanwhile"
            if problem:
                problems |= {number: problem for number in self.numbers if number not in problems}
        return _Found(pages, digest.hexdigest(), problems, broken)

    def _short(
        self, wanting: Sequence[str], expected: Mapping[str, Expected], said: Sequence[PageSaid], proof: Proof
    ) -> dict[str, str]:
        """Postings of several boxes that lack the page of one: none of theirs is printed alone."""
        unread = len(self._unread(said, proof))
        counted = {number: len(proof.pages.get(number, ())) + unread for number in wanting}
        return {
            number: boxes_amiss(pages, expected[number].boxes)
            for number, pages in counted.items()
            if 0 < pages < expected[number].boxes
        }

    def _store(
        self,
        wanting: Sequence[str],
        pages: Sequence[LabelPage],
        said: Sequence[PageSaid],
        proof: Proof,
        expected: Mapping[str, Expected],
    ) -> _Stored:
        stored = _Stored()
        trouble: list[Exception] = []
        unread = self._unread(said, proof)
        if unread:
            # Before the label is stored: a repeated message that finds it stored looks at nothing any more.
            open_unreadable_case(self.seller, _unread_reason(proof, unread), self.form, self.tools)
        for number in wanting:
            own = proof.pages.get(number, ())
            if not own and not unread:
                continue
            amiss = _unread_reason(proof, unread) or boxes_amiss(len(own), expected[number].boxes)
            problem = f"{amiss}: {OVERRIDE_HINT}" if amiss else ""
            chosen = [pages[index] for index in print_order(said, (*own, *unread))]
            try:
                if store_label(
                    self.seller, number, chosen, self.tools, form=self.form, unproven=problem, asked=self.asked
                ):
                    (stored.unproven if problem else stored.ready).append(number)
            except (StoreUnavailableError, VersionConflictError) as error:
                # One label that cannot be stored now keeps no other from being stored.
                trouble.append(error)
                stored.left.append(number)
        if trouble and not stored.ready and not stored.unproven:
            raise trouble[0]
        return stored

    def _unread(self, said: Sequence[PageSaid], proof: Proof) -> list[int]:
        """Pages that cannot be read, but can only be of the one posting that the file was made for."""
        contradicted = proof.of(PageVerdict.MISMATCH) or proof.of(PageVerdict.FOREIGN)
        if not self.alone or contradicted:
            return []
        once = {said[index].sha256: index for index in reversed(proof.of(PageVerdict.UNREADABLE))}
        return sorted(once.values())

    def _try_later(
        self, problems: Mapping[str, str], *, alone: set[str] | None = None, parts: int = 1
    ) -> tuple[list[QueueMessage], dict[str, str]]:
        return try_later(
            self.seller,
            problems,
            self.tools,
            form=self.form,
            asked=self.asked,
            alone=alone or set(),
            parts=parts,
        )

    def _message(self, delay: int) -> QueueMessage:
        return collect_message(self.seller, self.task_ids, self.numbers, self.form, self.asked, delay)


def _said(page: LabelPage) -> PageSaid:
    return PageSaid(
        sha256=hashlib.sha256(page.pdf).hexdigest(), barcodes=page.barcodes, texts=page.texts, looks=page.looks
    )


def _unread_reason(proof: Proof, unread: Sequence[int]) -> str:
    first = proof.findings[unread[0]].reason if unread else ""
    return f"{len(unread)} of {len(proof.findings)} pages could not be read back ({first})" if unread else ""


def _why_missing(number: str, proof: Proof) -> str:
    """What the file says of a posting that it has no proven page of."""
    own = [finding for finding in proof.findings if number in finding.names]
    if own:
        return f"its page was set aside: {own[0].reason}"
    counts = {verdict: len(proof.of(verdict)) for verdict in PageVerdict}
    seen = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    return f"no page names this posting (the file's pages: {seen or 'none'})"
