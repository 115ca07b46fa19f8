"""The words of notices in Russian, Chinese and English: what to DO first, then what about.

`[...]` is left out where the moment `{when}` in it is not known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shipby.domain.events import EventType
from shipby.domain.intents import IntentAction
from shipby.domain.postings.posting import RungKind

LANGUAGES = ("ru", "zh", "en")


@dataclass(frozen=True, slots=True)
class Words:
    """One phrase in the three languages."""

    ru: str
    zh: str
    en: str

    def __getitem__(self, language: str) -> str:
        """The phrase in a language; English for one we do not speak."""
        return {"ru": self.ru, "zh": self.zh}.get(language, self.en)


HAND_OVER = Words("Сдать курьеру[ до {when}]", "请[在 {when} 前]交给承运商", "Hand over to the courier[ by {when}]")
BUYER_REFUSES = Words("Покупателю не нужно: решить", "买家不再需要：请处理", "The buyer does not want it: decide")

TITLES: Mapping[EventType, Words] = {
    EventType.POSTING_RECEIVED: Words(
        "Новое отправление: подтвердить[, отгрузить до {when}]",
        "新货件：请确认[，{when} 前发货]",
        "New posting: confirm it[, ship by {when}]",
    ),
    EventType.POSTING_CANCELLED: Words("Не отгружать: отменено", "请勿发货：已取消", "Do not ship: cancelled"),
    EventType.POSTING_BLOCKED: Words("Остановлено: разобраться", "已暂停：请处理", "Blocked: look into it"),
    EventType.POSTING_REMINDED: Words("Проверить[ до {when}]", "请[在 {when} 前]检查", "Check it[ by {when}]"),
    EventType.POSTING_LATE: Words(
        "Отгрузить сейчас: просрочено, идёт плата", "请立即发货：已逾期并计费", "Ship now: late, and it costs"
    ),
    EventType.POSTING_OVERDUE: Words(
        "Отгрузить сейчас: засчитана задержка", "请立即发货：已逾期，计为延迟", "Ship now: it counts as a delay"
    ),
    EventType.POSTING_PRIORITISED: Words(
        "В первую очередь: отгрузить[ до {when}]", "优先处理：请[在 {when} 前]发货", "First of all: ship[ by {when}]"
    ),
    EventType.POSTING_CHOICES: Words("Решить, что делать", "请决定如何处理", "Decide what to do"),
    EventType.BUYER_ANSWERED: Words(
        "Покупатель ждёт: отгрузить сейчас", "买家仍需要：请立即发货", "Ship now: the buyer waits"
    ),
    EventType.POSTING_EXPIRED: Words("Не отгружать: срок истёк", "请勿发货：货件已失效", "Do not ship: it has expired"),
    EventType.POSTING_CUT_OFF_MOVED: Words(
        "Срок изменён: отгрузить[ до {when}]", "期限已更改：请[在 {when} 前]发货", "Cut-off moved: ship[ by {when}]"
    ),
    EventType.POSTING_AMENDED: Words(
        "Заказ изменён: проверить посылку", "订单已更改：请核对包裹", "The order was changed: check the parcel"
    ),
    EventType.POSTING_ESCALATED: Words(
        "Никто не подтвердил: подтвердить[, отгрузить до {when}]",
        "无人确认：请确认[，{when} 前发货]",
        "Nobody confirmed: confirm it[, ship by {when}]",
    ),
    EventType.POSTING_GIVE_UP_SHADOWED: Words(
        "Решить: отменил бы (теневой режим)",
        "请决定：本应取消（影子模式）",
        "Decide: would have cancelled it (shadow mode)",
    ),
    EventType.LABEL_FAILED: Words("Нет этикетки: исправить", "标签获取失败：请处理", "No label: mend it"),
    EventType.LABEL_UNPROVEN: Words(
        "Этикетка не прочитана: проверить и разрешить печать",
        "标签无法识读：请核对后允许打印",
        "Label cannot be read back: check it and allow printing",
    ),
    EventType.CARRIAGE_FAILED: Words(
        "Отгрузка не оформлена: исправить", "交运单未能办理：请处理", "The carriage failed: mend it"
    ),
    EventType.TRACKING_CHANGED: Words("Трек-номер изменён", "运单号已更改", "Tracking number changed"),
    EventType.INTENT_PROPOSED: Words(
        "Возврат выше лимита: нужно одобрение второго человека",
        "退款超过限额：需要第二人批准",
        "A refund above the limit: a second person has to approve it",
    ),
    EventType.INTENT_REJECTED: Words(
        "Площадка отклонила действие: решить", "平台拒绝了操作：请处理", "The marketplace refused: decide"
    ),
    EventType.INTENT_NEEDS_PERSON: Words("Нужно решение человека", "需要人工处理", "A person must decide"),
    EventType.AUTOMATION_HELD: Words(
        "Автоматика остановлена: решить самим", "自动化已暂停：请人工处理", "Automation held: decide yourself"
    ),
    EventType.AUTOMATION_SHADOWED: Words(
        "Сделал бы сам (теневой режим)", "本应自动执行（影子模式）", "Would have done (shadow mode)"
    ),
    EventType.ALARM_SET_ASIDE: Words(
        "Сигнал не сработал: разобраться", "提醒无法触发：请检查", "An alarm failed: look into it"
    ),
    EventType.PUSH_UNHEALTHY: Words(
        "Уведомления площадки: починить адрес", "平台推送异常：请修复地址", "Pushes are failing: mend the address"
    ),
    EventType.PUSH_RECOVERED: Words(
        "Уведомления площадки снова в порядке", "平台推送已恢复", "Pushes are healthy again"
    ),
    EventType.KEY_EXPIRES_SOON: Words(
        "Обновить ключ API[ до {when}]", "请[在 {when} 前]更新 API 密钥", "Renew the API key[ by {when}]"
    ),
    EventType.KEY_REJECTED: Words(
        "Заменить ключ API: площадка его не принимает",
        "请更换 API 密钥：平台不接受",
        "Replace the API key: it is rejected",
    ),
    EventType.INDEX_BAND_CHANGED: Words(
        "Индекс ошибок в другой зоне", "错误指数进入另一区间", "The error index is in another band"
    ),
    EventType.CASE_OPENED: Words("Разобраться: открыто дело", "请处理：新事项", "Look into it: a case was opened"),
    EventType.CASE_REMINDED: Words(
        "Разобраться: дело ещё открыто", "请处理：事项仍未关闭", "Look into it: a case is still open"
    ),
    EventType.NOTICE_UNDELIVERABLE: Words(
        "Написать покупателю самим: уведомление не ушло",
        "请自行联系买家：通知未送达",
        "Write to the buyer yourself: not told",
    ),
    EventType.RETURN_OPENED: Words("Новый возврат: решить", "新退货：请处理", "New return: decide"),
    EventType.RETURN_REMINDED: Words(
        "Решить возврат[ до {when}]", "请[在 {when} 前]处理退货", "Decide the return[ by {when}]"
    ),
    EventType.RETURN_OVERDUE: Words(
        "Срок решения прошёл: проверить возврат", "退货处理已逾期：请检查", "Return decision overdue: check it"
    ),
    EventType.CANCEL_REQUEST_OPENED: Words(
        "Покупатель просит отменить: ответить[ до {when}]",
        "买家申请取消：请[在 {when} 前]回复",
        "The buyer wants to cancel: answer[ by {when}]",
    ),
    EventType.CANCEL_REQUEST_REMINDED: Words(
        "Ответить на заявку об отмене[ до {when}], иначе её одобрит площадка",
        "请[在 {when} 前]回复取消申请，否则平台自动同意",
        "Answer the cancel request[ by {when}], or it is approved by itself",
    ),
    EventType.CANCEL_REQUEST_OVERDUE: Words(
        "Не отгружать: площадка одобряет отмену сама",
        "请勿发货：平台自动同意取消",
        "Do not ship: the marketplace approves the cancel by itself",
    ),
    EventType.RETURN_DECIDED: Words("Возврат решён", "退货已处理", "Return decided"),
    EventType.CLAIM_OPENED: Words(
        "Запрос доказательств: ответить[ до {when}]",
        "平台要求凭证：请[在 {when} 前]答复",
        "Proof is asked for: answer[ by {when}]",
    ),
    EventType.CLAIM_REMINDED: Words(
        "Отправить доказательства[ до {when}]", "请[在 {when} 前]提交凭证", "Send the proof[ by {when}]"
    ),
    EventType.CLAIM_EXPIRED: Words(
        "Срок ответа на запрос истёк: ответить всё равно",
        "凭证提交已逾期：仍请答复",
        "Time for the proof is over: answer all the same",
    ),
}
"""Every event that people hear of."""

RUNG_TITLES: Mapping[str, Words] = {
    RungKind.CONFIRM_BY: Words(
        "Подтвердить сейчас[, отгрузить до {when}]", "请立即确认[，{when} 前发货]", "Confirm now[, ship by {when}]"
    ),
    RungKind.REMIND_AT: Words(
        "Отгрузить[ до {when}]: ещё не упаковано", "请[在 {when} 前]发货：尚未打包", "Ship[ by {when}]: not packed yet"
    ),
    RungKind.LABEL_BY: Words(
        "Нет этикетки: проверить[, отгрузить до {when}]",
        "缺少标签：请检查[，{when} 前发货]",
        "No label: check[, ship by {when}]",
    ),
    RungKind.DELIVERY_BY: Words(
        "Проверить доставку[, срок {when}]", "请核查妥投情况[，期限 {when}]", "Check the delivery[, due {when}]"
    ),
    RungKind.AUTO_CANCEL_ESTIMATE: Words(
        "Площадка может отменить: отгрузить или решить",
        "平台可能自动取消：请发货或处理",
        "May be cancelled: ship or decide",
    ),
    RungKind.PASSPORT_BY: Words(
        "Получить паспортные данные[ до {when}]",
        "请[在 {when} 前]取得买家护照信息",
        "Get the passport data[ by {when}]",
    ),
    RungKind.ANSWER_TRACKING_BY: Words(
        "Ответить на запрос трек-номера[ до {when}]",
        "请[在 {when} 前]回复运单号请求",
        "Answer the tracking request[ by {when}]",
    ),
    RungKind.FETCH_RETURN: Words(
        "Забрать возврат[ до {when}]: ждёт на пункте выдачи",
        "请[在 {when} 前]取回退货：正在取货点等待",
        "Fetch the return[ by {when}]: it waits at the return point",
    ),
    RungKind.NOT_ACCEPTED_BY: Words(
        "Не принято сортировочным центром: найти, оспорить или сдать снова[ до {when}]",
        "分拣中心未收到：请[在 {when} 前]查找、申诉或重新交运",
        "The sorting centre misses it: find it, dispute it or hand it over again[ by {when}]",
    ),
    RungKind.REPORT_BY: Words(
        "Сообщить площадке о доставке своим перевозчиком[, крайний срок {when}]",
        "请向平台上报自有承运商的配送状态[，最迟 {when}]",
        "Tell the marketplace where your own carrier is with it[, {when} at the latest]",
    ),
    RungKind.GOODS_BY: Words(
        "Товар ещё не пришёл от поставщика: проверить закупку[, ждали до {when}]",
        "货品尚未从供应商到货：请检查采购[，应于 {when} 前到]",
        "The goods have not come from the supplier: look at the purchase[, expected by {when}]",
    ),
    RungKind.LOOK_AGAIN: Words(
        "Проверить: больше ничто о нём не напомнит",
        "请检查：该货件已无其他提醒",
        "Look at it: nothing else will remind of it",
    ),
    RungKind.GIVE_UP_AT: Words("Решить: отгрузить или отменить", "请决定：发货或取消", "Decide: ship or cancel"),
}
"""What a reminder asks for, by the clock that rang."""

MOVES: Mapping[str, Words] = {
    "prioritise": Words("отгрузить с опозданием", "延迟发货", "ship late"),
    "move_date": Words("перенести дату", "更改发货期限", "move the date"),
    "ask_buyer": Words("спросить покупателя", "询问买家", "ask the buyer"),
    "cancel": Words("отменить", "取消", "cancel"),
}
"""The ways out, as a person chooses among them."""
WOULD: Mapping[str, Words] = {
    "move_date": Words("перенёс бы дату", "本会更改发货期限", "would have moved the date"),
    "ask_buyer": Words("спросил бы покупателя", "本会询问买家", "would have asked the buyer"),
    "cancel": Words("отменил бы", "本会取消", "would have cancelled it"),
    "return_action.reject": Words("отклонил бы возврат", "本会拒绝退货", "would have rejected the return"),
    "return_action.compensate": Words(
        "предложил бы компенсацию", "本会提出部分补偿", "would have offered a compensation"
    ),
    "return_action.take_back": Words(
        "запросил бы товар на проверку", "本会要求退回商品检查", "would have asked for the goods to look at them"
    ),
    "return_action.confirm_receipt": Words(
        "подтвердил бы получение товара", "本会确认收到退货", "would have confirmed that the goods came"
    ),
    "return_action.refund_without_return": Words(
        "вернул бы деньги без возврата товара", "本会退款且无需退货", "would have refunded without the goods"
    ),
    "return_action.refund_after_inspection": Words(
        "вернул бы деньги после проверки", "本会在检查后退款", "would have refunded after the inspection"
    ),
    "cancel_request.approve": Words(
        "одобрил бы заявку об отмене", "本会同意取消申请", "would have approved the cancel request"
    ),
    "cancel_request.reject": Words(
        "отклонил бы заявку об отмене", "本会拒绝取消申请", "would have rejected the cancel request"
    ),
}
ACTIONS: Mapping[str, Words] = {
    IntentAction.SHIP: Words("сборка", "备货", "ship"),
    IntentAction.SPLIT: Words("разделение", "拆分", "split"),
    IntentAction.SHIP_PART: Words("частичная сборка", "部分备货", "partial ship"),
    IntentAction.SET_BOXES: Words("число коробок", "箱数", "number of boxes"),
    IntentAction.CANCEL: Words("отмена", "取消", "cancel"),
    IntentAction.CANCEL_ITEMS: Words("отмена части товаров", "取消部分商品", "cancel of some items"),
    IntentAction.SET_TRACKING: Words("трек-номер", "运单号", "tracking number"),
    IntentAction.REPORT_DELIVERING: Words("статус «Доставляется»", "状态“配送中”", "status delivering"),
    IntentAction.REPORT_LAST_MILE: Words("статус «Последняя миля»", "状态“末端配送”", "status last mile"),
    IntentAction.REPORT_DELIVERED: Words("статус «Доставлено»", "状态“已妥投”", "status delivered"),
    IntentAction.SET_CUT_OFF: Words("перенос даты", "更改期限", "cut-off"),
    IntentAction.SET_EXEMPLARS: Words("данные экземпляров", "商品单件信息", "data of the pieces"),
    IntentAction.CANCEL_REQUEST: Words("ответ на заявку об отмене", "回复取消申请", "answer to a cancel request"),
    IntentAction.RETURN_ACTION: Words("решение по возврату", "退货处理", "return decision"),
}
ACTORS: Mapping[str, Words] = {
    "seller": Words("продавец", "卖家", "the seller"),
    "client": Words("покупатель", "买家", "the buyer"),
    "customer": Words("покупатель", "买家", "the buyer"),
    "ozon": Words("площадка", "平台", "the marketplace"),
    "system": Words("площадка", "平台", "the marketplace"),
    "delivery": Words("служба доставки", "承运商", "the carrier"),
}
WATCHES: Mapping[str, Words] = {
    "push-health": Words("адрес уведомлений", "推送地址", "push address"),
    "marketplace-key": Words("ключ API", "API 密钥", "API key"),
    "error-index": Words("индекс ошибок", "错误指数", "error index"),
}

ANSWERS: Mapping[str, Words] = {
    "approve": Words("одобрить", "同意", "approve"),
    "reject": Words("отклонить", "拒绝", "reject"),
}
"""Answers to a buyer who wants to cancel."""
CANCEL_REASONS: Mapping[str, Words] = {
    "unknown": Words("отправление ещё не известно", "货件尚未同步", "the posting is not known yet"),
    "cancelled": Words("отправление уже отменено", "货件已取消", "the posting is cancelled already"),
    "delivered": Words(
        "уже доставлено: покупатель может оформить возврат", "已妥投：买家可申请退货", "delivered: a return is possible"
    ),
    "under_way": Words(
        "уже в пути: обратная доставка за ваш счёт",
        "已在途：退回费用由您承担",
        "on its way: its way back is at your cost",
    ),
    "expired": Words("срок истёк, отправлять не будем", "已失效，不再发货", "expired: it will not be sent"),
    "not_packed": Words("ещё не упаковано", "尚未打包", "not packed yet"),
    "packed": Words(
        "упаковано, но не отсканировано при сдаче: найти посылку",
        "已打包但交接时未扫描：请确认包裹位置",
        "packed, not scanned at the hand-over: look where it is",
    ),
    "not_the_buyer": Words("просит не покупатель", "申请方不是买家", "it is not the buyer who asks"),
}
"""What a suggestion is based on."""
SUGGESTS = Words("Предложение: {answer}", "建议：{answer}", "Suggestion: {answer}")
ANSWER_YOURSELF = Words("Решить самим", "请自行决定", "Decide yourself")
AT_RISK = Words("под угрозой {money}", "面临损失 {money}", "{money} at risk")
LOST = Words("уже потеряно {money}", "已损失 {money}", "{money} lost so far")
COSTS = Words("сейчас {money}", "现在 {money}", "{money} now")
FEE = Words("сбор до {money}", "费用最高 {money}", "a fee of up to {money}")
NEXT_STEP = Words("ещё {money} с {when}", "{when} 起再加 {money}", "{money} more from {when}")
NOT_OFFERED = Words("недоступно", "不可用", "not offered")
COUNTS = Words("учитывается в индексе ошибок", "计入错误指数", "counts in the error index")
WAS = Words("было: {when}", "原期限：{when}", "was: {when}")
SHIP_BY = Words("отгрузить[ до {when}]", "请[在 {when} 前]发货", "ship[ by {when}]")
WAS_DUE = Words("срок был {when}", "期限为 {when}", "was due {when}")
CANCELLED_BY = Words("отменил: {who}", "取消方：{who}", "cancelled by {who}")
IN_RATING = Words("влияет на рейтинг", "影响评分", "affects the rating")
DAYS_LEFT = Words("осталось дней: {days}", "剩余天数：{days}", "days left: {days}")
KEY_ENDED = Words("ключ больше не действует", "密钥已失效", "the key has expired")
BAND = Words("зона: {was} → {state}", "区间：{was} → {state}", "band: {was} → {state}")
INDEX = Words("индекс {index}", "指数 {index}", "index {index}")
POSTING_OF = Words("отправление {number}", "货件 {number}", "posting {number}")
PARCELS = Words("{number}, отправлений: {count}", "{number}，共 {count} 个货件", "{number}, {count} parcels")
NO_LABEL = Words("нет этикетки", "缺少标签", "no label")
NO_PRICE = Words("пока без платы", "暂无费用", "no charge so far")
DIGEST = Words("Сводка: {parts}", "汇总：{parts}", "Digest: {parts}")
LATE_PART = Words("просрочено {count}", "逾期 {count}", "{count} late")
DUE_PART = Words("срочно {count}", "待处理 {count}", "{count} due")
BETWEEN = Words(", ", "，", ", ")
OTHER_PART = Words("прочее {count}", "其他 {count}", "{count} other")
TOTAL = Words("Всего: {count}", "共 {count} 条", "{count} in all")
AND_MORE = Words("… и ещё {count}", "… 另有 {count} 条", "… and {count} more")
CUT = Words("… сокращено, ещё {count} зн.", "… 已截断，另有 {count} 字", "… cut, {count} characters more")
MOSCOW = Words("МСК", "莫斯科", "MSK")
