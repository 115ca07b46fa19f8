"""People, keys and sessions: bodies and answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal
from unicodedata import category

from pydantic import AfterValidator, Field, field_validator

from shipby.contracts.base import ActorName, Reason, Request, Time, View, plain_text
from shipby.domain.sellers.keys import Role

Name = Annotated[
    str,
    Field(min_length=1, max_length=100, description="As histories show it.", examples=["Анна Белова"]),
    AfterValidator(plain_text),
]
PersonId = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$", examples=["5f1c0d9a7b3e2468"])]
PersonRole = Literal["owner", "manager", "packer", "support", "integration"]
KeyRole = Literal["owner", "manager", "packer", "support", "integration", "station"]


_UNSEEN = frozenset({"Cc", "Cf", "Co", "Zl", "Zp"})


class PersonBody(Request):
    """What a person is: all of it."""

    name: Name
    role: PersonRole
    warehouses: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=40)]],
        Field(default_factory=list, max_length=100, description="The only ones they may act in; none: all."),
    ]

    @field_validator("name")
    @classmethod
    def _on_one_line(cls, value: str) -> str:
        if not value or any(category(sign) in _UNSEEN for sign in value):
            raise ValueError("a name is one line, without signs that nobody sees or that turn the line round")
        return value


class NewPersonBody(PersonBody):
    id: Annotated[
        PersonId | None,
        Field(description="Of a person in another shop where you are an owner, or of one who was removed here."),
    ] = None


class RemoveBody(Request):
    reason: Reason


class PinBody(Request):
    pin: Annotated[str, Field(min_length=1, max_length=20, description="4 to 12 digits.", examples=["2580"])]


class NewKeyBody(Request):
    name: Annotated[Name, Field(description="What it is for, or on which machine.")]
    person: Annotated[PersonId | None, Field(description="Whose it is: it acts as they may, at each call.")] = None
    role: Annotated[KeyRole | None, Field(description="Of a program's or a bench's key, which is nobody's.")] = None


class RotateBody(Request):
    overlap: Annotated[
        timedelta, Field(description="ISO 8601: how long both keys work, at most P30D.", examples=["P7D"])
    ] = timedelta(days=7)


class SessionBody(Request):
    """At a bench, with the bench's key: a badge, or a person and their PIN. With a key of your own: nothing."""

    badge: Annotated[str, Field(max_length=100, description="As the scanner reads it.")] = ""
    person: Annotated[str, Field(max_length=40, description="Id of who enters a PIN.")] = ""
    pin: Annotated[str, Field(max_length=20)] = ""


class ShopBody(Request):
    seller: Annotated[str, Field(min_length=1, max_length=32, description="Another of your shops.")]


class PersonView(View):
    id: str
    version: int
    name: str
    role: Role
    warehouses: list[str]
    has_pin: bool
    has_badge: bool
    added_at: Time
    removed_at: Annotated[Time | None, Field(description="From then on nothing of theirs opens anything.")]


class BadgeView(PersonView):
    code: Annotated[
        str | None, Field(description="What to print as a barcode (Code 128). Shown once: a repeated call has null.")
    ]


class KeyView(View):
    id: str
    version: int
    name: str
    role: Annotated[Role, Field(description="Of a person's key: theirs, now.")]
    person: str | None
    person_name: str | None
    state: Literal["live", "revoked", "expired", "person_removed"]
    made_by: Annotated[str | None, Field(description="null: the operator.")]
    made_by_name: ActorName = None
    created_at: Time
    expires_at: Time | None
    revoked_at: Time | None
    used_at: Annotated[Time | None, Field(description="Its last call, up to an hour too early.")]
    rotated_to: Annotated[str | None, Field(description="The key that takes its place.")]


class NewKeyView(KeyView):
    text: Annotated[str | None, Field(description="The key itself. Shown once: a repeated call has null.")]


class SessionView(View):
    token: Annotated[str | None, Field(description="Send it as Authorization: Bearer shs_…. Shown once.")]
    seller: str
    person: PersonView
    role: Annotated[Role, Field(description="What you may do: at a bench a packer's at most.")]
    bench: Annotated[str | None, Field(description="Id of the bench's key; null at a console of your own.")]
    opened_at: Time
    ends_at: Annotated[Time, Field(description="At the latest.")]
    idle_seconds: Annotated[int, Field(description="It ends after so long without a call.")]


class ClosedView(View):
    closed: bool


class ShopView(View):
    seller: str
    role: Role


class MeView(View):
    seller: str
    role: Role
    actor: Annotated[str, Field(description="As histories name you.")]
    actor_name: ActorName = None
    name: str | None
    kind: Literal["person", "bench", "integration"]
    person: PersonView | None
    shops: Annotated[list[ShopView], Field(description="All shops that you belong to.")]
    key: Annotated[str | None, Field(description="The key's id, where it is nobody's.")]
