"""The words of the register: who holds a risk, what is done about it, and which way it moves."""

from enum import StrEnum

from django.db import models


class Level(models.TextChoices):
    """Which board holds a risk. It moves by escalation and de-escalation only."""

    OPERATIONAL = "operational", "Operational"
    SYSTEMIC = "systemic", "Systemic"

    @property
    def board(self) -> str:
        return {Level.OPERATIONAL: "Operations Board", Level.SYSTEMIC: "Improvement Board"}[self]

    @property
    def other(self) -> "Level":
        return Level.SYSTEMIC if self == Level.OPERATIONAL else Level.OPERATIONAL


class Treatment(models.TextChoices):
    """What the partnership has decided to do about a risk (the four Ts of HM Treasury's Orange Book)."""

    TREAT = "treat", "Treat"
    TOLERATE = "tolerate", "Tolerate"
    TRANSFER = "transfer", "Transfer"
    TERMINATE = "terminate", "Terminate"

    @property
    def meaning(self) -> str:
        return {
            Treatment.TREAT: "Act to make it less likely or less harmful.",
            Treatment.TOLERATE: "Accept it as it is, and watch it.",
            Treatment.TRANSFER: "Share it with somebody else, by contract or agreement.",
            Treatment.TERMINATE: "Stop what causes it.",
        }[self]


class State(models.TextChoices):
    OPEN = "open", "Open"
    CLOSED = "closed", "Closed"


class Frequency(models.TextChoices):
    """How often a risk is reviewed."""

    MONTHLY = "monthly", "Every month"
    TWO_MONTHLY = "two_monthly", "Every two months"
    QUARTERLY = "quarterly", "Every three months"
    SIX_MONTHLY = "six_monthly", "Every six months"

    @property
    def months(self) -> int:
        return {
            Frequency.MONTHLY: 1,
            Frequency.TWO_MONTHLY: 2,
            Frequency.QUARTERLY: 3,
            Frequency.SIX_MONTHLY: 6,
        }[self]


class Movement(models.TextChoices):
    """Where a risk's score went since another day. Exactly one each for what is open, or was then."""

    NEW = "new", "New"
    UP = "up", "Up"
    DOWN = "down", "Down"
    SAME = "same", "Same"
    CLOSED = "closed", "Closed"
    RESCORED = "rescored", "New scale"

    @property
    def meaning(self) -> str:
        return {
            Movement.NEW: "Opened, or opened again, since then.",
            Movement.UP: "Its score is higher than it was.",
            Movement.DOWN: "Its score is lower than it was.",
            Movement.SAME: "Its score is what it was.",
            Movement.CLOSED: "Closed since then.",
            Movement.RESCORED: "Scored on a matrix of another size since then, so the two scores can’t be compared.",
        }[self]


class LevelMove(models.TextChoices):
    """Whether a risk went to another board since another day."""

    ESCALATED = "escalated", "Escalated"
    DE_ESCALATED = "de_escalated", "De-escalated"


class BandColour(StrEnum):
    """The colour of a band of scores, always shown with the band's name."""

    GREEN = "green"
    YELLOW = "yellow"
    ORANGE = "orange"
    RED = "red"

    @property
    def fill(self) -> str:
        """Hex colour of a mark; each has at least 3:1 contrast with white (WCAG 1.4.11)."""
        return {"green": "#00703c", "yellow": "#8f7a00", "orange": "#c75300", "red": "#b3200f"}[self.value]
