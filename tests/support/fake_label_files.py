"""Files of labels at the marketplace in memory: tasks, their pages, and what leaves a posting unprinted."""

from collections.abc import Sequence

from shipby.application.ports.marketplace import (
    LabelTask,
    LabelTaskResult,
)
from tests.support.fake_faults import Faulty


class FakeLabelFiles(Faulty):
    """Every task is done at once unless a test says otherwise."""

    def __init__(self) -> None:
        super().__init__()
        self._tasks: dict[str, tuple[str, ...]] = {}
        self.label_problems: dict[str, str] = {}
        """Posting number -> why a label task leaves it unprinted."""
        self.batch_poison: dict[str, Exception] = {}
        """Posting number -> the error that a batch with it is refused with."""
        self.label_state = "completed"
        self.foreign_pages: list[str] = []

    def create_label_tasks(self, numbers: Sequence[str]) -> tuple[LabelTask, ...]:
        def effect() -> tuple[LabelTask, ...]:
            for number in numbers:
                if number in self.batch_poison:
                    raise self.batch_poison[number]
            identifier = f"task-{len(self._tasks) + 1}"
            self._tasks[identifier] = tuple(numbers)
            return (LabelTask(id=identifier, type="big_label"),)

        return self._act("create_label_tasks", effect)

    def label_task(self, task_id: str) -> LabelTaskResult:
        self._begin("label_task")
        unprinted = {n: self.label_problems[n] for n in self._tasks[task_id] if n in self.label_problems}
        if self.label_state != "completed":
            return LabelTaskResult(state=self.label_state, error="broken" if self.label_state == "error" else "")
        printed = len(unprinted) < len(self._tasks[task_id])
        return LabelTaskResult(
            state="completed", file_url=f"https://files/{task_id}" if printed else "", unprinted=unprinted
        )

    def download(self, url: str) -> bytes:
        self._begin("download")
        pages = [n for n in self._tasks[url.rpartition("/")[2]] if n not in self.label_problems]
        # In reverse: a page belongs to the posting that it names, never to its position.
        return b"%PDF\n" + "\n".join([*self.foreign_pages, *reversed(pages)]).encode()
