"""The words a milestone is rated with: delivery status, impact, and the trend of its status."""

from django.db import models

from core.ratings import Colour


class Status(models.TextChoices):
    """Delivery status. Exactly one each, so that the totals sum."""

    COMPLETED = "completed", "Completed"
    ON_TRACK = "on_track", "On track"
    OFF_TRACK = "off_track", "Off track"
    DELAYED = "delayed", "Delayed"
    NOT_STARTED = "not_started", "Not started"

    @property
    def colour(self) -> Colour:
        return {
            Status.COMPLETED: Colour.BLUE,
            Status.ON_TRACK: Colour.GREEN,
            Status.OFF_TRACK: Colour.AMBER,
            Status.DELAYED: Colour.RED,
            Status.NOT_STARTED: Colour.GREY,
        }[self]

    @property
    def meaning(self) -> str:
        return {
            Status.COMPLETED: "The deliverable is in place and there is evidence of it.",
            Status.ON_TRACK: "Work is under way and will be done by its due date.",
            Status.OFF_TRACK: "At risk of missing its due date, with a plan to bring it back.",
            Status.DELAYED: "Will miss, or has missed, its due date.",
            Status.NOT_STARTED: "No work has begun.",
        }[self]

    @classmethod
    def needing_reasons(cls) -> tuple["Status", ...]:
        """Statuses whose update says why, what is being done, what follows, and when it will be done instead."""
        return (cls.OFF_TRACK, cls.DELAYED)


# How well a status stands, for telling whether a rating got better or worse.
STATUS_RANK = {
    Status.DELAYED: 0,
    Status.OFF_TRACK: 1,
    Status.NOT_STARTED: 2,
    Status.ON_TRACK: 3,
    Status.COMPLETED: 4,
}


class Impact(models.TextChoices):
    """The difference made, rated apart from delivery: completed does not mean embedded."""

    NOT_YET_EVIDENCED = "not_yet_evidenced", "Not yet evidenced"
    NO_IMPACT = "no_impact", "No impact"
    EMERGING = "emerging", "Emerging"
    EVIDENT = "evident", "Evident"
    EMBEDDED = "embedded", "Embedded"

    @property
    def colour(self) -> Colour:
        return {
            Impact.NOT_YET_EVIDENCED: Colour.GREY,
            Impact.NO_IMPACT: Colour.RED,
            Impact.EMERGING: Colour.AMBER,
            Impact.EVIDENT: Colour.GREEN,
            Impact.EMBEDDED: Colour.BLUE,
        }[self]

    @property
    def meaning(self) -> str:
        return {
            Impact.NOT_YET_EVIDENCED: "Nothing shows a difference for children and families yet.",
            Impact.NO_IMPACT: "It was looked for, and there is no difference.",
            Impact.EMERGING: "Early signs of a difference for some.",
            Impact.EVIDENT: "Data or families’ experience show a difference.",
            Impact.EMBEDDED: "The difference has lasted and is how things are done.",
        }[self]


class Trend(models.TextChoices):
    """Where a milestone's rating went over the last six months."""

    WORSENING = "worsening", "Worsening"
    STALE = "stale", "Stale"
    STEADY = "steady", "Steady"
    IMPROVING = "improving", "Improving"

    @property
    def meaning(self) -> str:
        return {
            Trend.WORSENING: "The last change of its status in six months was for the worse.",
            Trend.STALE: "Not completed, and no update for longer than the limit on the key page.",
            Trend.STEADY: "Its status has not changed in six months.",
            Trend.IMPROVING: "The last change of its status in six months was for the better.",
        }[self]


TREND_MONTHS = 6
