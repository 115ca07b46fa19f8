"""Buyers' answers: how often they are read rightly, and what is never decided."""

import pytest

from shipby.domain.messages.answers import Answer, read_answer, read_answers
from shipby.domain.messages.lint import lint
from shipby.domain.messages.triage import Topic, numbers_in, triage
from tools.answers import HELD_BACK, PAGE, corpus, measure, split, table


def test_the_corpus_is_large_and_a_hundred_of_it_are_held_back() -> None:
    known = corpus()
    assert len(known) >= 300
    assert len({one.text for one in known}) == len(known)
    made, held = split(known)
    assert (len(held), len(made)) == (HELD_BACK, len(known) - HELD_BACK)
    assert {one.language for one in held} == {"ru", "zh", "en", "kk"}


@pytest.mark.parametrize("part", ["all", "made", "held"])
def test_answers_are_read_rightly_and_hardly_ever_decided_wrongly(part: str) -> None:
    made, held = split(corpus())
    found = measure({"all": corpus(), "made": made, "held": held}[part])
    assert found.right_share >= 0.97, found.left
    assert found.wrong_share <= 0.005, found.wrong


def test_the_page_says_what_is_measured() -> None:
    assert table() in PAGE.read_text(encoding="utf-8"), "run python -m tools.answers --write"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "👍",
        "🤷‍♂️🙏",
        "да нет",
        "да, нет",
        "Да! Нет!",
        "да\n" * 1000,
        "да " * 3000,
        "да?",
        "если завтра, да",
        "да, или убью",
        "yes, cancel",
        "要不要",
        "иә, жоқ",
        "Пожалуйста",
        "89991234567",
        "\u200b\u200d",
        "нет, не отменяйте",
        "Ну да, конечно",
    ],
)
def test_what_is_neither_is_a_persons(text: str) -> None:
    assert read_answer(text) is Answer.UNCLEAR


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("дa", Answer.YES),
        ("не отменяйте", Answer.YES),
        ("не отменяйте!!!", Answer.YES),
        ("да, звоните 8 999 123-45-67", Answer.YES),
        ("ДААААА", Answer.YES),
        ("ＹＥＳ", Answer.YES),
        ("отмените", Answer.NO),
        ("don’t want it", Answer.NO),
        ("不要取消", Answer.YES),
        ("不要了", Answer.NO),
        ("керек емес", Answer.NO),
    ],
)
def test_letters_and_negations(text: str, means: Answer) -> None:
    assert read_answer(text) is means


@pytest.mark.parametrize(
    ("texts", "means"),
    [
        (["да", "нет"], Answer.UNCLEAR),
        (["нет", "да"], Answer.UNCLEAR),
        (["да", "жду"], Answer.YES),
        (["Здравствуйте", "нет"], Answer.NO),
        (["да", "спасибо"], Answer.YES),
        (["да", "а если завтра"], Answer.UNCLEAR),
        ([], Answer.UNCLEAR),
    ],
)
def test_several_messages_are_one_answer_only_if_they_agree(texts: list[str], means: Answer) -> None:
    assert read_answers(texts) is means


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("Где моя посылка?", Topic.LOGISTICS),
        ("快递到哪了", Topic.LOGISTICS),
        ("Where is my parcel", Topic.LOGISTICS),
        ("Посылка қашан жетеді?", Topic.LOGISTICS),
        ("Пришёл брак", Topic.QUALITY),
        ("东西坏了", Topic.QUALITY),
        ("Отмените заказ", Topic.CANCEL),
        ("Где посылка? Отменяйте!", Topic.CANCEL),
        ("Поменяйте адрес", Topic.ADDRESS),
        ("Спасибо большое", Topic.THANKS),
        ("рахмет", Topic.THANKS),
        ("Где посылка, подам в суд", Topic.PERSON),
        ("Мяу", Topic.PERSON),
        ("", Topic.PERSON),
        ("Где посылка, и адрес не тот", Topic.PERSON),
        ("х" * 5000, Topic.PERSON),
    ],
)
def test_a_message_is_about_what_its_words_name(text: str, topic: Topic) -> None:
    assert triage(text) is topic


def test_numbers_of_a_message_are_found_and_words_are_not() -> None:
    text = "Трек rb123456789cn не ищется, заказ 24219509-0020-2, а был LX987654321CN. ПОСЫЛКА ABCDEFGH"
    assert numbers_in(text) == ("RB123456789CN", "24219509-0020-2", "LX987654321CN")
    assert len(numbers_in(" ".join(f"AB{n:09}CN" for n in range(50)))) == 10


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Звоните +7 (999) 123-45-67", "phone"),
        ("8 999 123 45 67", "phone"),
        ("пишите shop@mail.ru", "mail"),
        ("shop (at) mail.ru", "mail"),
        ("напишите в WhatsApp", "messenger"),
        ("加我微信", "messenger"),
        ("@shop_help", "messenger"),
        ("https://evil.example/ozon.ru", "link"),
        ("https://ozon.ru.evil.example/x", "link"),
        ("переведите на карту", "outside"),
        ("поставьте 5 звёзд", "marks"),
        ("请给五星好评", "marks"),
        ("", "empty"),
        ("я" * 1001, "long"),
        ("a\x00b", "signs"),
    ],
)
def test_what_must_not_be_written_is_named(text: str, code: str) -> None:
    assert [fault.code for fault in lint(text)] == [code]


@pytest.mark.parametrize(
    "text",
    [
        "Ваш заказ 24219509-0020-2 отправлен, трек RB123456789CN",
        "https://www.ozon.ru/my/orderlist",
        "Отправим 12.12.2026 до 18:00",
        "Номер 80093912345678",
    ],
)
def test_what_may_be_written_is_let_through(text: str) -> None:
    assert lint(text) == []


def test_a_carriers_page_is_allowed_by_its_name() -> None:
    assert lint("https://track.example/RB1", allowed_hosts=("track.example",)) == []
