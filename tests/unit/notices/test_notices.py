"""The words of notices: one event, a digest of many, three languages, three clocks, and their length."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shipby.application.alarms import route_events
from shipby.domain.deadlines.policy import Move, Offers, choices_event, prioritised_event, shadowed_event
from shipby.domain.events import Event, EventType, Ref, StoredEvent, case_ref, posting_ref, return_ref, watch_ref
from shipby.domain.json_types import Json
from shipby.domain.money import Money
from shipby.domain.notices.digests import MOST_LINES, digest_text, without_superseded
from shipby.domain.notices.format import LONGEST, money_of, money_text, sums_text, times
from shipby.domain.notices.telling import Style, buyer_question, buyer_tracking_text, seller_text, style_of
from shipby.domain.notices.words import ACTIONS, LANGUAGES, MOVES, RUNG_TITLES, TITLES, WATCHES, WOULD
from shipby.domain.postings.posting import Stage
from tests.support import builders as a

CUT_OFF = a.NOW + timedelta(minutes=40)
RU, ZH, EN = (Style(language, "Asia/Shanghai", a.NOW) for language in LANGUAGES)


def price(amount: str, currency: str = "RUB") -> dict[str, Json]:
    return {"amount": amount, "currency": currency}


def stored(event: Event, ref: Ref | None = None) -> StoredEvent:
    return StoredEvent(seller=a.SELLER, ref=ref or posting_ref(a.NUMBER), version=3, index=0, event=event)


def happened(kind: EventType, ref: Ref | None = None, /, *, reason: str = "", **data: Any) -> StoredEvent:
    return stored(Event(type=kind, at=a.NOW, actor="x", reason=reason, data=data), ref)


def reminder(number: str = a.NUMBER, cut_off: datetime = CUT_OFF, **data: Any) -> StoredEvent:
    about = {"rung": "remind_at", "due": a.NOW.isoformat(), "cut_off": cut_off.isoformat(), **data}
    return happened(EventType.POSTING_REMINDED, posting_ref(number), **about)


def late(number: str, amount: str = "62.10", currency: str = "RUB") -> StoredEvent:
    ref = posting_ref(number)
    return happened(EventType.POSTING_LATE, ref, rung="shipment_date", price=price(amount, currency))


# Times and money


def test_a_time_stands_in_the_sellers_zone_in_moscow_and_in_utc() -> None:
    assert times(CUT_OFF, a.NOW, "Asia/Shanghai", "ru") == "17:40 Asia/Shanghai · 12:40 МСК · 09:40 UTC"
    assert times(CUT_OFF, a.NOW, "Europe/Moscow", "en") == "12:40 MSK · 09:40 UTC"
    assert times(CUT_OFF, a.NOW, "UTC", "zh") == "12:40 莫斯科 · 09:40 UTC"
    assert times(CUT_OFF, a.NOW, "Nowhere/Atall", "en") == "12:40 MSK · 09:40 UTC"


def test_each_clock_has_its_date_where_that_is_not_today() -> None:
    midnight = datetime(2026, 3, 2, 17, 30, tzinfo=UTC)
    assert times(midnight, a.NOW, "Asia/Shanghai", "ru") == "03.03 01:30 Asia/Shanghai · 20:30 МСК · 17:30 UTC"
    assert times(midnight, a.NOW, "Asia/Shanghai", "zh").startswith("3月3日 01:30 Asia/Shanghai · 20:30")
    assert times(midnight, a.NOW, "Asia/Shanghai", "en").startswith("3 Mar 01:30 Asia/Shanghai")
    next_year = datetime(2027, 1, 1, tzinfo=UTC)
    assert times(next_year, a.NOW, "UTC", "ru") == "01.01.2027 03:00 МСК · 01.01.2027 00:00 UTC"
    assert times(next_year, a.NOW, "UTC", "zh") == "2027年1月1日 03:00 莫斯科 · 2027年1月1日 00:00 UTC"
    assert times(next_year, a.NOW, "UTC", "en") == "1 Jan 2027 03:00 MSK · 1 Jan 2027 00:00 UTC"


@pytest.mark.parametrize(
    ("money", "ru", "en"),
    [
        (Money(124_050, "RUB"), "1 240,50 ₽", "₽1,240.50"),
        (Money(5_400, "CNY"), "54 ¥", "¥54"),
        (Money(-1_200, "USD"), "-12 $", "-$12"),
        (Money(1_250, "AED"), "12,50 AED", "12.50 AED"),
        (Money(100_000_000, "RUB"), "1 000 000 ₽", "₽1,000,000"),
    ],
)
def test_money_is_written_as_people_read_it(money: Money, ru: str, en: str) -> None:
    assert money_text(money, "ru").replace("\u00a0", " ") == ru
    assert money_text(money, "en").replace("\u00a0", " ") == en


def test_currencies_are_never_added_up() -> None:
    sums = {"RUB": a.rub("1.50"), "CNY": Money(100, "CNY")}
    assert sums_text(sums, "en") == "¥1 + ₽1.50"
    assert [money_of(value) for value in (None, "54", {"amount": "1"}, {"amount": "x", "currency": "RUB"})] == [
        None
    ] * 4


# One event


def people_hear_of() -> list[EventType]:
    return [
        kind
        for kind in EventType
        if any(
            "kind" in routed.message.body
            for routed in route_events.route_event(
                happened(kind, action="cancel", intent="i", into=[], recipient="r"), label_delay_seconds=0
            )
        )
    ]


def test_every_event_that_people_hear_of_has_a_title_in_all_three_languages() -> None:
    heard = people_hear_of()
    assert len(heard) >= 31
    assert set(heard) == set(TITLES), "the people's table of route_events and the titles go together"


def test_no_phrase_is_left_out_in_a_language() -> None:
    phrases = [words for table in (TITLES, RUNG_TITLES, MOVES, WOULD, ACTIONS, WATCHES) for words in table.values()]
    for words in phrases:
        texts = [words[language] for language in LANGUAGES]
        assert all(texts)
        assert len(set(texts)) == 3
        assert len({text.count("{when}") for text in texts}) == 1
        assert len({text.count("[") for text in texts}) == 1
    assert set(MOVES) == set(Move) - {Move.SHOW_CHOICES}


def test_every_event_becomes_a_message_without_empty_brackets() -> None:
    for kind in EventType:
        for style in (RU, ZH, EN):
            title, text = seller_text(happened(kind), style)
            assert a.NUMBER in title
            assert not set("[]{}") & set(title + text), kind


def test_a_reminder_says_what_to_do_by_when_and_what_hangs_on_it() -> None:
    title, text = seller_text(reminder(price=price("54.00")), RU)
    assert title == f"Отгрузить до 17:40: ещё не упаковано · {a.NUMBER}"
    assert text.splitlines() == [
        a.NUMBER,
        "17:40 Asia/Shanghai · 12:40 МСК · 09:40 UTC",
        "под угрозой 54\u00a0₽",
    ]
    assert seller_text(reminder(), ZH)[0] == f"请在 17:40 前发货：尚未打包 · {a.NUMBER}"
    assert seller_text(reminder(), EN)[0] == f"Ship by 17:40: not packed yet · {a.NUMBER}"


def test_a_missing_label_is_told_with_the_reminder() -> None:
    assert "нет этикетки" in seller_text(reminder(label="missing"), RU)[1]


def test_a_reminder_of_a_deadline_of_its_own_shows_that_and_the_cut_off_beside_it() -> None:
    by = (a.NOW + timedelta(hours=6)).isoformat()
    _, text = seller_text(reminder(rung="passport_by", by=by), RU)
    assert "отгрузить до 17:40 Asia/Shanghai · 12:40 МСК · 09:40 UTC" in text
    assert seller_text(reminder(rung="passport_by", by=by), RU)[0].startswith("Получить паспортные данные до 23:00")


def test_late_and_overdue_say_what_is_lost() -> None:
    title, text = seller_text(late(a.NUMBER), EN)
    assert title.startswith("Ship now")
    assert "₽62.10 lost so far" in text
    free = happened(EventType.POSTING_OVERDUE, cut_off=CUT_OFF.isoformat())
    assert "no charge so far" in seller_text(free, EN)[1]


def test_a_packed_posting_goes_to_the_courier_and_an_unpacked_one_to_the_front() -> None:
    packed = a.posting(stage=Stage.PACKED, at_risk=a.rub("12.50"))
    event = prioritised_event(packed, at=a.NOW, actor="x", reason="packed, and not with the courier yet")
    title, text = seller_text(stored(event), RU)
    assert title.startswith("Сдать курьеру до 03.03 18:00")
    assert "12,50\u00a0₽" in text
    assert "courier" not in text
    assert seller_text(stored(prioritised_event(a.posting(), at=a.NOW, actor="x", reason="r")), RU)[0].startswith(
        "В первую очередь"
    )


def test_choices_are_listed_with_their_prices() -> None:
    posting = a.full_posting(late_price=a.rub("62.10"))
    offers = Offers(actions=("cancel",), cancel_fee=a.rub("250.00"), cancel_note="2 more before yellow")
    event = choices_event(posting, offers, a.settings(), at=a.NOW, actor="x")
    for style, wanted in (
        (
            RU,
            (
                "отгрузить с опозданием: сейчас 62,10",
                "— спросить покупателя: недоступно",
                "отменить: сбор до 250",
                "индексе ошибок",
            ),
        ),
        (ZH, ("延迟发货: 现在 ₽62.10", "— 询问买家: 不可用", "错误指数")),
        (EN, ("ship late: ₽62.10 now", "— ask the buyer: not offered", "error index")),
    ):
        _, text = seller_text(stored(event), style)
        assert all(part in text for part in wanted), text


def test_shadow_mode_says_what_it_would_have_done() -> None:
    to = (a.NOW + timedelta(hours=5)).isoformat()
    event = shadowed_event(Move.MOVE_DATE, "moved it", at=a.NOW, actor="x", to=to)
    title, text = seller_text(stored(event), RU)
    assert title.startswith("Сделал бы сам (теневой режим)")
    assert "перенёс бы дату: 22:00 Asia/Shanghai · 17:00 МСК · 14:00 UTC" in text
    given_up = happened(EventType.POSTING_GIVE_UP_SHADOWED, action="cancel", reason="shadow mode: would have")
    assert "отменил бы" in seller_text(given_up, RU)[1]


def test_a_buyers_answer_says_what_to_do_now() -> None:
    assert seller_text(happened(EventType.BUYER_ANSWERED, wanted=True), RU)[0].startswith("Покупатель ждёт")
    assert seller_text(happened(EventType.BUYER_ANSWERED, wanted=False), RU)[0].startswith("Покупателю не нужно")


def test_the_account_is_told_of_in_words() -> None:
    key = happened(
        EventType.KEY_EXPIRES_SOON,
        watch_ref("marketplace-key"),
        expires_at=(a.NOW + timedelta(days=7)).isoformat(),
        days_left=7,
        expired=False,
    )
    title, text = seller_text(key, RU)
    assert title == "Обновить ключ API до 09.03 17:00 · ключ API"
    assert "осталось дней: 7" in text
    push = happened(EventType.PUSH_UNHEALTHY, watch_ref("push-health"), state="DISABLED", was="RED", reason="too slow")
    assert "RED → DISABLED" in seller_text(push, EN)[1]
    assert "too slow" in seller_text(push, EN)[1]
    index = happened(EventType.INDEX_BAND_CHANGED, watch_ref("error-index"), state="yellow", was="green", index="1.72")
    assert "index 1.72" in seller_text(index, EN)[1]
    ended = happened(EventType.KEY_EXPIRES_SOON, watch_ref("marketplace-key"), expired=True)
    assert "has expired" in seller_text(ended, EN)[1]


def test_cases_and_returns_name_what_they_are_about() -> None:
    case = happened(EventType.CASE_OPENED, case_ref("c1"), subject="24-1", kind="open_order", reason="no next time")
    assert seller_text(case, EN)[0].endswith("24-1")
    assert "no next time" in seller_text(case, EN)[1]
    aside = happened(EventType.ALARM_SET_ASIDE, case_ref("c1"), item="POSTING 24-1", case="c1")
    assert seller_text(aside, EN)[0].endswith("POSTING 24-1")
    back = happened(
        EventType.RETURN_REMINDED,
        return_ref("900"),
        posting=a.NUMBER,
        decide_by=(a.NOW + timedelta(hours=6)).isoformat(),
    )
    assert seller_text(back, EN)[0] == f"Decide the return by 23:00 · 900 (posting {a.NUMBER})"
    decided = happened(EventType.RETURN_DECIDED, return_ref("900"), amount=price("125.00"))
    assert "₽125" in seller_text(decided, EN)[1]


def test_what_the_marketplace_and_intents_say_is_put_into_words() -> None:
    cancelled = happened(EventType.POSTING_CANCELLED, by="client", affects_rating=True, reason="не понравилось")
    assert "отменил: покупатель\nвлияет на рейтинг\nне понравилось" in seller_text(cancelled, RU)[1]
    refused = happened(EventType.INTENT_REJECTED, action="set_cut_off", reason="CUTOFF_TOO_FAR")
    assert "перенос даты\nCUTOFF_TOO_FAR" in seller_text(refused, RU)[1]
    moved = happened(EventType.POSTING_CUT_OFF_MOVED, old=a.NOW.isoformat(), new=CUT_OFF.isoformat())
    assert "было: 17:00 Asia/Shanghai" in seller_text(moved, RU)[1]
    held = happened(EventType.AUTOMATION_HELD, action="cancel", reason="the cap is used up")
    assert "отменить\nthe cap is used up" in seller_text(held, RU)[1]


def test_a_language_that_we_do_not_speak_is_english_and_a_recipient_may_have_another() -> None:
    assert seller_text(reminder(), Style("de", "UTC", a.NOW))[0].startswith("Ship by")
    assert style_of(a.settings(language="ru"), a.NOW, "zh").language == "zh"
    assert style_of(a.settings(language="ru"), a.NOW).language == "ru"


def test_an_endless_reason_is_cut_and_a_message_never_is_too_long() -> None:
    _, text = seller_text(happened(EventType.LABEL_FAILED, reason="ж" * 5_000), RU)
    assert len(text) < 400
    many = happened(EventType.POSTING_CHOICES, choices=[{"move": "x" * 400, "offered": True}] * 20)
    _, text = seller_text(many, EN)
    assert len(text) <= LONGEST
    assert text.splitlines()[-1].startswith("… cut, ")


# A digest


def burst() -> list[StoredEvent]:
    """200 postings: 17 late, 180 due at one cut-off, one moved, one cancelled, and a key near its end."""
    key = happened(EventType.KEY_EXPIRES_SOON, watch_ref("marketplace-key"), days_left=7, expired=False)
    return [
        *(reminder(f"due-{index:03}", price=price("54.00")) for index in range(180)),
        *(late(f"late-{index:02}") for index in range(17)),
        happened(EventType.POSTING_CUT_OFF_MOVED, posting_ref("moved"), new=(a.NOW + timedelta(hours=3)).isoformat()),
        happened(EventType.POSTING_CANCELLED, posting_ref("gone"), by="client"),
        key,
    ]


def test_two_hundred_events_are_one_message_with_the_late_ones_first() -> None:
    title, text = digest_text(burst(), RU)
    assert title == "Сводка: просрочено 17, срочно 181, прочее 2"
    lines = [line for line in text.splitlines() if line]
    heads = [line for line in lines if " до " in line or "×" in line or line.startswith("Не отгружать")]
    assert lines[0] == "Всего: 200"
    assert heads[0].replace("\u00a0", " ").endswith("× 17 — уже потеряно 1 055,70 ₽")
    assert heads[1].replace("\u00a0", " ").endswith("× 180 — под угрозой 9 720 ₽")
    assert "17:40 Asia/Shanghai · 12:40 МСК · 09:40 UTC" in heads[1]
    named = [line for line in lines if line.startswith(("due-", "late-", "moved", "gone", "ключ"))]
    assert len(named) == MOST_LINES
    assert {"moved", "gone"} <= {line.partition(" ")[0] for line in named}, "a big section hides no small one"
    assert lines[-1] == "… и ещё 180"
    assert len(text) <= LONGEST


def test_the_digest_speaks_all_three_languages() -> None:
    assert digest_text(burst(), ZH)[0] == "汇总：逾期 17，待处理 181，其他 2"
    assert digest_text(burst(), EN)[0] == "Digest: 17 late, 181 due, 2 other"
    assert digest_text(burst(), EN)[1].endswith("… and 180 more")


def test_reminders_stand_by_their_cut_off_and_the_dearest_first() -> None:
    far = CUT_OFF + timedelta(hours=2)
    entries = [
        reminder("far", far),
        reminder("cheap", price=price("1.00")),
        reminder("dear", price=price("99.00")),
        reminder("free"),
    ]
    _, text = digest_text(entries, EN)
    places = [text.index(number) for number in ("dear", "cheap", "free", "far")]
    assert places == sorted(places)


def test_cut_offs_within_one_minute_share_a_heading() -> None:
    minute = CUT_OFF.replace(second=0)
    _, text = digest_text([reminder("a", minute), reminder("b", minute + timedelta(seconds=59)), late("c")], EN)
    assert next(line for line in text.splitlines() if "not packed yet" in line).endswith("× 2")


def test_one_kind_alone_is_its_own_title() -> None:
    title, _ = digest_text([reminder(f"n-{index}") for index in range(3)], EN)
    assert title == "Ship by 17:40: not packed yet × 3"


def test_a_digest_of_one_is_a_plain_message() -> None:
    assert digest_text([reminder()], RU) == seller_text(reminder(), RU)


def test_money_of_several_currencies_is_summed_apart() -> None:
    _, text = digest_text([late("a"), late("b"), late("c", "3.00", "CNY")], EN)
    assert "¥3 + ₽124.20 lost so far" in text


def test_of_one_posting_only_the_gravest_of_its_ladder_is_told() -> None:
    ref = posting_ref("n-1")
    overdue = happened(EventType.POSTING_OVERDUE, ref, price=price("70.00"))
    prioritised = happened(EventType.POSTING_PRIORITISED, ref)
    passport = reminder("n-1", rung="passport_by")
    entries = [reminder("n-1"), prioritised, late("n-1"), late("n-1", "66.00"), passport, reminder("n-2")]
    assert without_superseded(entries) == [entries[3], passport, entries[5]]
    assert without_superseded([*entries, overdue]) == [passport, entries[5], overdue]
    assert without_superseded([reminder("n-1"), prioritised]) == [prioritised]


def test_a_digest_of_thousands_of_sections_still_fits() -> None:
    entries = [reminder(f"n-{index}", CUT_OFF + timedelta(minutes=index)) for index in range(1_000)]
    _, text = digest_text(entries, RU)
    assert len(text) <= LONGEST
    assert text.endswith("… и ещё 992")


# To the buyer


def test_a_buyer_reads_short_plain_russian() -> None:
    for text in (buyer_tracking_text("RB000000001CN", "RB000000002CN"), buyer_question(a.NUMBER)):
        assert 1 <= len(text) <= 1_000
        assert not set("<>*_`[]") & set(text)
    assert a.NUMBER in buyer_question(a.NUMBER)
