"""The five colours that a rating can have, as tags and in charts. A colour never stands without its word."""

from enum import StrEnum


class Colour(StrEnum):
    """A rating's colour; the value is stored in figures, the properties are how pages and charts draw it."""

    BLUE = "blue"
    GREEN = "green"
    AMBER = "amber"
    RED = "red"
    GREY = "grey"

    @property
    def tag(self) -> str:
        """The GOV.UK tag modifier."""
        return {"amber": "yellow"}.get(self.value, self.value)

    @property
    def label(self) -> str:
        return self.value.capitalize()

    @property
    def fill(self) -> str:
        """Hex colour of a filled mark; each has at least 3:1 contrast with white (WCAG 1.4.11)."""
        return {
            "blue": "#1d70b8",
            "green": "#00703c",
            "amber": "#b47800",
            "red": "#d4351c",
            "grey": "#707678",
        }[self.value]
