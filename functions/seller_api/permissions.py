"""The table of permissions: which roles may call which operation. It stands here and nowhere else.

`python -m tools.permissions` prints it to docs/permissions.md, cell by cell; tests ask the API for each of these.
"""

from __future__ import annotations

from collections.abc import Mapping

from shipby.domain.sellers.keys import Role

PUBLIC: frozenset[Role] = frozenset()
"""Without a key."""
MANAGERS = frozenset({Role.OWNER, Role.MANAGER})
OFFICE = MANAGERS | {Role.INTEGRATION}
BENCH = OFFICE | {Role.PACKER}
"""Commands at the bench, and labels."""
DESK = OFFICE | {Role.SUPPORT}
"""Tracking numbers, returns, and reading about money, intents and the proof."""
WAREHOUSE = DESK | BENCH
"""Who has returned goods in hand."""
ALL_KEYS = frozenset(Role)
"""Asking who one is, and signing in."""
EVERYONE = ALL_KEYS - {Role.STATION}
"""Reading postings and labels. The key of a shared bench alone does nothing: its people sign in."""
SETTINGS_READERS = MANAGERS | {Role.SUPPORT}

PERMISSIONS: Mapping[str, frozenset[Role]] = {
    # service
    "getHealth": PUBLIC,
    "getOpenApi": PUBLIC,
    # postings
    "listPostings": EVERYONE,
    "getPosting": EVERYONE,
    "listPostingEvents": EVERYONE,
    # bench
    "confirmPosting": BENCH,
    "pickPosting": BENCH,
    "inspectPosting": BENCH,
    "packPosting": BENCH,
    "handOverPosting": BENCH,
    "overridePosting": BENCH,
    "unblockPosting": BENCH,
    "listQualityFailures": EVERYONE,
    # picking
    "printPickList": BENCH,
    "getPicking": EVERYONE,
    "scanItem": BENCH,
    "getScans": EVERYONE,
    "resetScans": BENCH,
    "shipWave": OFFICE,
    "getExemplars": EVERYONE,
    "enterExemplars": BENCH,
    "claimLines": BENCH,
    "releaseLines": BENCH,
    "reportEmptyBin": BENCH,
    "reportFilledBin": BENCH,
    # products
    "listProducts": EVERYONE,
    "importProducts": OFFICE,
    "getProduct": EVERYONE,
    "putProduct": BENCH,
    # marketplace
    "shipPosting": OFFICE,
    "cancelPosting": OFFICE,
    "cancelItems": OFFICE,
    "setCutOff": OFFICE,
    # tracking.reports
    "reportDelivery": DESK,
    "reportDeliveries": DESK,
    # tracking.numbers
    "setTrackingNumber": DESK,
    "listTrackingNumbers": EVERYONE,
    "getTrackingTicket": DESK,
    "makeTrackingTicketFiles": DESK,
    "importTrackingNumbers": DESK,
    "approveTrackingNumber": MANAGERS,
    "rejectTrackingNumber": MANAGERS,
    # tracking.jobs
    "sendTrackingNumbers": DESK,
    "listTrackingJobs": DESK,
    "getTrackingJob": DESK,
    "getTrackingJobRows": DESK,
    "runTrackingJob": DESK,
    "cancelTrackingJob": DESK,
    # tracking.options
    "getNumberOptions": DESK,
    "chooseNumberOption": OFFICE,
    # tracking.replacements
    "getNumberReplacements": DESK,
    # tracking.exceptions
    "getParcelException": DESK,
    "decideParcelException": OFFICE,
    "noteCompensation": OFFICE,
    # tracking.ways
    "getPostingWay": EVERYONE,
    "listSilentParcels": EVERYONE,
    "importScans": DESK,
    # tracking.carriers
    "getPostingCarrier": DESK,
    "correctPostingCarrier": DESK,
    "listCarriers": EVERYONE,
    "checkTrackingNumbers": EVERYONE,
    "getCarrier": EVERYONE,
    "putCarrier": OFFICE,
    # labels
    "printLabels": BENCH,
    "getPrintJob": EVERYONE,
    "scanLabel": EVERYONE,
    "listPrints": EVERYONE,
    "listRefusedPages": EVERYONE,
    "listPostingLabels": EVERYONE,
    "overrideLabel": BENCH,
    # returns
    "listReturns": DESK,
    "getReturn": DESK,
    "getReturnOptions": DESK,
    "getReturnPolicies": DESK,
    "scanReturn": WAREHOUSE,
    "receiveReturn": WAREHOUSE,
    "inspectReturn": WAREHOUSE,
    "disposeReturn": WAREHOUSE,
    "exchangeReturn": DESK,
    "decideReturn": DESK,
    # evidence
    "addEvidence": EVERYONE,
    "completeEvidence": EVERYONE,
    "listEvidence": EVERYONE,
    "requestEvidencePack": DESK,
    "getEvidencePack": DESK,
    # cancel_requests
    "listCancelRequests": DESK,
    "getCancelRequest": DESK,
    "approveCancelRequest": DESK,
    "rejectCancelRequest": DESK,
    # money
    "listRefunds": DESK,
    "getRefunds": DESK,
    "exportRefunds": DESK,
    "approveRefund": MANAGERS,
    "rejectRefund": MANAGERS,
    "listIntents": DESK,
    "getIntent": DESK,
    "settleIntent": MANAGERS,
    # deadlines
    "listDeadlines": EVERYONE,
    "getRisk": EVERYONE,
    "askWhatIf": EVERYONE,
    "getImpact": DESK,
    # clocks
    "startClock": DESK,
    "stopClock": DESK,
    "answerForBuyer": DESK,
    # guard
    "getGuard": DESK,
    "getCancelForecast": DESK,
    # cases
    "listCases": DESK,
    "getCase": DESK,
    "closeCase": OFFICE,
    # claims
    "listClaims": DESK,
    "openClaim": DESK,
    "getClaim": DESK,
    "answerClaim": DESK,
    "withdrawClaim": DESK,
    # reports
    "getReturnReasons": DESK,
    # shadow
    "getShadowReport": DESK,
    "replayPosting": MANAGERS,
    "replayReturn": MANAGERS,
    # carriages
    "requestCarriage": BENCH,
    "closeDay": BENCH,
    "listCarriages": EVERYONE,
    "getCarriage": EVERYONE,
    "getCarriageDifference": EVERYONE,
    "scanParcel": BENCH,
    "approveCarriage": BENCH,
    "cancelCarriage": OFFICE,
    "setCarriageContainers": BENCH,
    # account
    "getProof": DESK,
    "getSettings": SETTINGS_READERS,
    "listSettingsChanges": SETTINGS_READERS,
    "putSettings": MANAGERS,
    # people.people
    "getMe": ALL_KEYS,
    "setMyPin": EVERYONE,
    "listPeople": MANAGERS,
    "addPerson": MANAGERS,
    "getPerson": MANAGERS,
    "putPerson": MANAGERS,
    "removePerson": MANAGERS,
    "setPin": MANAGERS,
    "giveBadge": MANAGERS,
    "takeBadge": MANAGERS,
    # people.keys
    "listKeys": MANAGERS,
    "makeKey": MANAGERS,
    "rotateKey": MANAGERS,
    "revokeKey": MANAGERS,
    # webhooks.endpoints
    "listEventTypes": EVERYONE,
    "listWebhooks": OFFICE,
    "makeWebhook": OFFICE,
    "getWebhook": OFFICE,
    "putWebhook": OFFICE,
    "pauseWebhook": OFFICE,
    "resumeWebhook": OFFICE,
    "rotateWebhook": OFFICE,
    "testWebhook": OFFICE,
    "replayWebhook": OFFICE,
    "deleteWebhook": OFFICE,
    "listDeliveries": OFFICE,
    "listDeadLetters": OFFICE,
    # people.sessions
    "openSession": ALL_KEYS,
    "closeSession": EVERYONE,
    "switchShop": EVERYONE,
    # overview.search
    "search": EVERYONE,
    # packing.marks
    "listPoolMarks": EVERYONE,
    "uploadMarks": OFFICE,
    "takeMarks": BENCH,
    # shapes.splits
    "proposeSplit": BENCH,
    "splitPosting": OFFICE,
    "shipPart": OFFICE,
    "setBoxes": BENCH,
    # stock.goods
    "listStock": EVERYONE,
    "getStock": EVERYONE,
    "listMovements": EVERYONE,
    "moveStock": BENCH,
    "putKit": OFFICE,
    "listStockPools": EVERYONE,
    "getStockPool": EVERYONE,
    "putStockPool": MANAGERS,
    # stock.postings
    "getPostingStock": EVERYONE,
    "reportMissing": BENCH,
    # tracking.purchases
    "listPurchases": DESK,
    "importPurchases": OFFICE,
    "getPurchase": DESK,
    "putPurchase": OFFICE,
    # tracking.supplier_quality
    "getSupplierQuality": DESK,
    # tracking.scorecards
    "getCarrierScorecards": DESK,
    # tracking.choice
    "getCarrierChoice": DESK,
    "chooseCarrier": DESK,
    # validation.checks
    "getCheck": EVERYONE,
    "allowPosting": MANAGERS,
    "listAmendments": EVERYONE,
    "seeAmendment": BENCH,
    # overview.figures
    "getBoards": EVERYONE,
    "listWarehouses": EVERYONE,
    "listDeliveryMethods": EVERYONE,
    "getMorning": DESK,
    # availability.counts
    "importStockCounts": OFFICE,
    # availability.offers
    "listStockOffers": DESK,
    "tellStockAgain": MANAGERS,
    "reconcileStock": OFFICE,
    "getStockReconcile": DESK,
    # availability.supply
    "listSupplyProposals": DESK,
    "getSupplyTerms": DESK,
    "putSupplyTerms": OFFICE,
}
