"""Print jobs: one file in the order asked for, whatever is wrong with one posting; waiting; ending."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from shipby.application.ports.press import Drawn
from shipby.application.ports.writes import SavePosting, SaveProductCard
from shipby.application.printing.job import PATIENCE
from shipby.domain.deadlines.workflow import Command
from shipby.domain.errors import CredentialsRejectedError, InvalidInputError, NotFoundError, VersionConflictError
from shipby.domain.events import EventType, posting_ref, print_job_ref
from shipby.domain.labels.documents import DocumentState
from shipby.domain.labels.options import HandlingMark, LabelForm, LabelFormat, LabelSize, Sheet
from shipby.domain.labels.own_labels import LabelLook, OwnLabel
from shipby.domain.labels.prints import LabelSource, PrintContent, PrintOrder, PrintState
from shipby.domain.packing.cards import ProductCard
from shipby.domain.postings.posting import Stage
from shipby.domain.sellers.settings import Automation, OwnLabelPolicy, UnlockAt
from tests.support import builders as a
from tests.support.fake_marketplace import FakeMarketplaces, Fault
from tests.support.fake_press import UNDRAWABLE
from tests.unit.printing.print_support import PrintDesk


@pytest.fixture
def desk() -> PrintDesk:
    return PrintDesk()


def test_official_and_own_labels_come_in_one_file_in_the_order_asked_for(desk: PrintDesk) -> None:
    desk.fbs("f-1")
    desk.own("r-1")
    desk.fbs("f-2")
    job = desk.prints("f-2", "r-1", "f-1", "f-2")
    assert [line.split()[:2] for line in desk.lines(job)] == [["label", "f-2"], ["own", "r-1"], ["label", "f-1"]]
    assert (job.state, job.pages, job.done, job.copies) == (PrintState.READY, 3, 3, {"f-2": 1, "r-1": 1, "f-1": 1})
    assert desk.world.types(print_job_ref(job.id)) == [EventType.PRINT_REQUESTED, EventType.PRINT_FINISHED]
    assert desk.world.posting("r-1").printed_at is not None


def test_own_labels_and_slips_are_each_drawn_in_one_call_and_interleaved(desk: PrintDesk) -> None:
    for number in ("1", "2", "3"):
        desk.own(f"r-{number}")
        desk.fbs(f"f-{number}")
    job = desk.prints("r-1", "f-1", "r-2", "f-2", "r-3", "f-3", slips=True)
    assert desk.press.drawn == [3, 6]
    assert [line.split()[0] for line in desk.lines(job)] == ["own", "slip", "label", "slip"] * 3
    assert desk.lines(job)[1].endswith("75x120")


def test_the_ladder_order_is_the_earliest_cut_off_first(desk: PrintDesk) -> None:
    desk.fbs("n-1")
    desk.fbs("n-2", shipment_date=a.NOW + timedelta(hours=5))
    assert desk.job(desk.ask("n-1", "n-2", order=PrintOrder.LADDER)).numbers == ("n-2", "n-1")


def test_the_pick_order_follows_the_bins_and_the_job_shows_it(desk: PrintDesk) -> None:
    for number, sku in (("n-1", "11"), ("n-2", "12"), ("n-3", "13")):
        desk.fbs(number, lines=(a.line(sku=sku),))
    for sku, place in (("11", "B-10"), ("12", "B-2"), ("13", "A-1")):
        desk.world.write(SaveProductCard(ProductCard(seller=a.SELLER, sku=sku, version=1, bin=place)))
    job = desk.prints("n-1", "n-2", "n-3", order=PrintOrder.PICK)
    assert job.numbers == ("n-3", "n-2", "n-1")
    assert desk.lines(job) == ["label n-3", "label n-2", "label n-1"]


def test_on_a4_each_label_carries_its_goods_its_copy_and_the_local_time(desk: PrintDesk) -> None:
    for index in range(5):
        desk.fbs(f"n-{index}")
    job = desk.prints(*(f"n-{index}" for index in range(5)), sheet=Sheet.A4_4UP)
    first, second = desk.lines(job)
    assert (first.count("label"), second.count("label"), job.pages) == (4, 1, 2)
    local = (desk.world.clock.now() + timedelta(hours=3)).strftime("%d.%m.%Y %H:%M")
    assert second == f"label n-4 (TEA-CUP-02 x2 · #1 · {local})"


def test_zpl_holds_official_and_own_labels_and_slips_in_order(desk: PrintDesk) -> None:
    desk.own("r-1")
    desk.fbs("f-1")
    desk.own("r-2")
    job = desk.prints("r-1", "f-1", "r-2", slips=True, format=LabelFormat.ZPL, dpi=300)
    content = desk.documents.files[job.key].decode()
    assert [line.split()[0] for line in content.splitlines()] == [
        "^XAown", "^XA^FX300", "^XA^FX300", "^XA^FX300", "^XAown", "^XA^FX300",
    ]  # fmt: skip
    assert (job.pages, content.count("^XA"), job.key.rpartition(".")[2]) == (6, 6, "zpl")
    assert desk.view(job.id)["content_type"] == "application/zpl"


def test_a_png_is_a_preview_of_the_first_page_and_counts_as_no_print(desk: PrintDesk) -> None:
    desk.fbs("n-1")
    desk.fbs("n-2")
    for _ in range(2):
        job = desk.prints("n-1", "n-2", format=LabelFormat.PNG)
        assert desk.documents.files[job.key] == b"PNG 203 label n-1"
    assert job.copies == {}
    assert desk.log("n-1") == []
    assert desk.world.posting("n-1").printed_at is None


def test_stickers_need_no_label_and_no_recipient(desk: PrintDesk) -> None:
    desk.world.arrives("n-1")
    job = desk.prints("n-1", content=PrintContent.STICKERS)
    assert desk.lines(job)[0].startswith("sticker n-1 SB:ST:n-1:1:")
    assert (job.personal, desk.world.market.calls["recipient"]) == (False, 0)
    assert desk.world.posting("n-1").printed_at is None
    again = desk.prints("n-1", content=PrintContent.STICKERS)
    assert again.copies == {"n-1": 2}


def test_packing_slips_and_a_pick_list_go_on_a4_unless_a_size_is_asked_for(desk: PrintDesk) -> None:
    desk.fbs("n-1", label=False)
    assert desk.lines(desk.prints("n-1", content=PrintContent.PACKING_SLIPS)) == ["slip n-1 A4"]
    small = desk.prints("n-1", content=PrintContent.PACKING_SLIPS, size=LabelSize.MM58X40)
    assert desk.lines(small) == ["slip n-1 58x40"]
    listed = desk.prints("n-1", content=PrintContent.PICK_LIST)
    assert desk.lines(listed)[0] == f"SB:PL:{listed.id} A4"
    assert (listed.state, listed.pages, listed.copies) == (PrintState.READY, 2, {})


def test_what_is_left_out_comes_from_the_settings(desk: PrintDesk) -> None:
    desk.fbs("n-1")
    policy = OwnLabelPolicy(size=LabelSize.MM100X150, format=LabelFormat.ZPL, dpi=300)
    desk.world.policy(own_label=policy, label_form=LabelForm.SMALL, language="en")
    style = desk.job(desk.ask("n-1")).style
    assert (style.size, style.format, style.dpi, style.form, style.language) == (
        LabelSize.MM100X150, LabelFormat.ZPL, 300, LabelForm.SMALL, "en",
    )  # fmt: skip
    asked = desk.job(desk.ask("n-1", sheet=Sheet.A4_8UP, form=LabelForm.BIG, language="kk")).style
    assert (asked.format, asked.form, asked.language) == (LabelFormat.PDF, LabelForm.BIG, "kk")


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"format": LabelFormat.ZPL, "sheet": Sheet.A4_4UP}, "sheet"),
        ({"slips": True, "content": PrintContent.STICKERS}, "slips"),
        ({"dpi": 600}, "dpi"),
        ({"order": "random"}, "order"),
    ],
)
def test_what_does_not_go_together_is_refused_by_field(desk: PrintDesk, more: dict[str, object], field: str) -> None:
    desk.fbs("n-1")
    with pytest.raises(InvalidInputError) as caught:
        desk.ask("n-1", **more)
    assert [name for name, _ in caught.value.errors] == [field]


def test_a_print_job_needs_postings_that_exist_and_not_too_many(desk: PrintDesk) -> None:
    desk.fbs("n-1")
    for wrong in ((), ("nobody", "n-1"), tuple(f"x-{index}" for index in range(1001))):
        with pytest.raises(InvalidInputError):
            desk.ask(*wrong)
    with pytest.raises(NotFoundError):
        desk.work("nothing")


def test_a_job_takes_as_many_own_labels_as_recipients_can_be_asked_for_in_one_run(desk: PrintDesk) -> None:
    for index in range(301):
        desk.own(f"r-{index}")
    numbers = [f"r-{index}" for index in range(301)]
    with pytest.raises(InvalidInputError) as caught:
        desk.ask(*numbers)
    assert "301 of them" in caught.value.errors[0][1]
    assert desk.ask(*numbers[:300])
    assert desk.ask(*numbers, content=PrintContent.STICKERS)


# Refusals


def test_300_mixed_postings_print_though_one_of_each_kind_is_bad(desk: PrintDesk) -> None:
    for index in range(145):
        desk.fbs(f"f-{index}")
        desk.own(f"r-{index}")
    desk.fbs("failed")
    desk.labelled("failed", state=DocumentState.FAILED, problem="its page names another posting")
    desk.fbs("unproven")
    desk.labelled("unproven", state=DocumentState.UNPROVEN)
    desk.fbs("gone")
    desk.documents.files = {key: file for key, file in desk.documents.files.items() if "/gone/" not in key}
    desk.fbs("broken")
    document = desk.labelled("broken")
    desk.documents.files[document.key] = b"no pdf"
    desk.fbs("never", label=False)
    desk.world.arrives("received")
    desk.own("undrawable", name=f"Анна {UNDRAWABLE}")
    desk.fbs("cancelled")
    desk.world.market.cancel_by("cancelled", "client")
    desk.world.read("cancelled")
    desk.fbs("expired")
    posting = desk.world.posting("expired")
    expired = replace(
        posting, version=posting.version + 1, stage=Stage.EXPIRED, blocked_from=posting.stage, expired_reason="no offer"
    )
    desk.world.write(SavePosting(expired))
    desk.own("nameless")
    del desk.world.market.book["nameless"]
    bad = [
        "failed",
        "unproven",
        "gone",
        "broken",
        "never",
        "received",
        "undrawable",
        "cancelled",
        "expired",
        "nameless",
    ]
    numbers = [number for index in range(145) for number in (f"r-{index}", f"f-{index}")]
    job = desk.ask(*numbers[:100], *bad, *numbers[100:])
    done = desk.wait(job)

    assert done.state is PrintState.READY
    assert set(done.problems) == set(bad)
    assert done.pages == 290 == len(desk.lines(done))
    assert [line.split()[1] for line in desk.lines(done)] == numbers
    assert set(done.copies) == set(numbers)
    words = {
        "failed": "names another",
        "unproven": "override it",
        "gone": "file is gone",
        "broken": "cannot be used",
        "never": "not there yet",
        "received": "not assembled",
        "undrawable": "recipient.name",
        "cancelled": "by client",
        "expired": "no offer",
        "nameless": "who gets it",
    }
    assert {number for number, text in words.items() if text not in done.problems[number]} == set()
    assert "Анна" not in json.dumps([dict(done.problems)], ensure_ascii=False)
    assert all(desk.world.posting(number).printed_at is None for number in bad)


def test_an_unproven_label_prints_by_a_persons_override_only(desk: PrintDesk) -> None:
    desk.fbs("n-1")
    desk.labelled("n-1", state=DocumentState.UNPROVEN)
    assert desk.prints("n-1").state is PrintState.FAILED
    desk.labelled("n-1", state=DocumentState.UNPROVEN, override_reason="new layout, looked at it")
    assert desk.prints("n-1").state is PrintState.READY


def test_where_packing_unlocks_printing_a_label_waits_for_the_last_scan(desk: PrintDesk) -> None:
    desk.world.policy(unlock_at=UnlockAt.PACKED)
    desk.fbs("n-1")
    assert "scan its goods first" in desk.prints("n-1").problems["n-1"]
    for command in (Command.CONFIRM, Command.PICK, Command.PACK):
        desk.world.do(command, "n-1")
    assert desk.prints("n-1").state is PrintState.READY


def test_an_expired_posting_is_not_printed_until_it_is_overridden(desk: PrintDesk) -> None:
    desk.fbs("n-1")
    desk.world.policy(auto_cancel=Automation.ON, kill_switch=True)
    while desk.world.posting("n-1").stage is not Stage.EXPIRED:
        desk.world.ring_next(posting_ref("n-1"))
    assert "override" in desk.prints("n-1").problems["n-1"]
    desk.world.do(Command.OVERRIDE, "n-1", reason="courier waits")
    assert desk.prints("n-1").state is PrintState.READY


def test_the_source_may_be_chosen(desk: PrintDesk) -> None:
    desk.own("r-1")
    desk.fbs("f-1")
    refused = desk.prints("r-1", source=LabelSource.OFFICIAL)
    assert "source own" in refused.problems["r-1"]
    assert desk.lines(desk.prints("f-1", source=LabelSource.OWN))[0].startswith("own f-1")


def test_the_marketplaces_label_for_an_own_carrier_prints_where_it_is_asked_for(desk: PrintDesk) -> None:
    desk.own("r-1", actions=("label_download", "set_track_number"))
    desk.labelled("r-1")
    assert desk.lines(desk.prints("r-1"))[0].startswith("own r-1")
    assert desk.lines(desk.prints("r-1", source=LabelSource.OFFICIAL, reason="x")) == ["label r-1"]


# Waiting


def test_a_label_not_yet_there_is_asked_for_once_and_waited_for(desk: PrintDesk) -> None:
    desk.fbs("n-1")
    desk.fbs("n-2", label=False)
    job = desk.ask("n-1", "n-2", form=LabelForm.BIG)
    assert desk.work(job).state is PrintState.WAITING
    fetch, again = desk.queue.messages
    assert dict(fetch.body) == {"seller": a.SELLER, "task": "fetch", "posting": "n-2", "form": "big"}
    assert (again.body["task"], again.body["job"], again.delay_seconds) == ("print", job, 20)
    assert (desk.view(job)["done"], desk.view(job)["total"], desk.view(job)["link"]) == (1, 2, None)
    desk.labelled("n-2")
    desk.queue.messages.clear()
    done = desk.work(job, since=str(again.body["since"]))
    assert (desk.lines(done), desk.queue.messages) == (["label n-1", "label n-2"], [])


def test_one_label_that_never_comes_holds_up_nobody_for_long(desk: PrintDesk) -> None:
    desk.fbs("n-1")
    desk.fbs("n-2", label=False)
    job = desk.ask("n-1", "n-2")
    began = desk.world.clock.now()
    done = desk.wait(job)
    assert (done.state, desk.lines(done), list(done.problems)) == (PrintState.READY, ["label n-1"], ["n-2"])
    assert PATIENCE <= desk.world.clock.now() - began < PATIENCE + timedelta(seconds=30)


def test_a_job_that_its_queue_kept_long_still_waits_for_its_labels(desk: PrintDesk) -> None:
    desk.fbs("n-1", label=False)
    job = desk.ask("n-1")
    desk.world.clock.advance(timedelta(hours=1))
    assert desk.work(job).state is PrintState.WAITING


def test_an_absent_marketplace_is_waited_for_and_then_its_recipients_are_named(desk: PrintDesk) -> None:
    desk.own("r-1")
    desk.own("r-2")
    desk.fbs("f-1")
    job = desk.ask("r-1", "r-2", "f-1")
    desk.world.market.fail("recipient", Fault.UNAVAILABLE)
    assert desk.work(job).state is PrintState.WAITING
    assert desk.world.market.calls["recipient"] == 1
    desk.queue.messages.clear()
    desk.world.market.fail("recipient", *[Fault.UNAVAILABLE] * 30)
    done = desk.wait(job)
    assert (desk.lines(done), set(done.problems)) == (["label f-1"], {"r-1", "r-2"})


def test_a_seller_without_a_usable_key_still_prints_official_labels(desk: PrintDesk) -> None:
    desk.fbs("f-1")
    desk.own("r-1")
    tools = replace(desk.tools, marketplaces=FakeMarketplaces({}))
    with pytest.raises(CredentialsRejectedError):
        tools.marketplaces.of(a.SELLER)
    done = desk.work(desk.ask("f-1", "r-1"), tools=tools)
    assert (desk.lines(done), list(done.problems)) == (["label f-1"], ["r-1"])


def test_progress_is_noted_on_the_way(desk: PrintDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    for index in range(60):
        desk.fbs(f"n-{index}")
    noted: list[int] = []
    monkeypatch.setattr(desk.world.store, "note_progress", lambda _seller, _job, done: noted.append(done))
    job = desk.prints(*(f"n-{index}" for index in range(60)))
    assert (noted, job.done) == ([25, 50], 60)


def test_marks_and_bins_of_the_product_cards_reach_the_label(desk: PrintDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []
    draw = desk.press.labels

    def drawing(labels: Sequence[OwnLabel], look: LabelLook) -> Drawn:
        seen.extend(labels)
        return draw(labels, look)

    monkeypatch.setattr(desk.press, "labels", drawing)
    desk.world.policy(own_label=OwnLabelPolicy(sender_name="ИП Чашкин", sender_address="Казань"))
    card = ProductCard(seller=a.SELLER, sku="149123456", version=1, bin="A-1", marks=(HandlingMark.FRAGILE,))
    desk.world.write(SaveProductCard(card))
    desk.own("r-1", tracking_number="TRACK1", carrier="CDEK")
    desk.prints("r-1")
    (label,) = seen
    shown = repr(label)
    for part in ("fragile", "A-1", "ИП Чашкин", "CDEK", "TRACK1", "SB:OL:r-1:1:"):
        assert part in shown


def test_the_same_moment_and_wish_is_the_same_job(desk: PrintDesk) -> None:
    desk.fbs("n-1")
    desk.ask("n-1")
    desk.world.clock.advance(-timedelta(seconds=1))
    with pytest.raises(VersionConflictError):
        desk.ask("n-1")
