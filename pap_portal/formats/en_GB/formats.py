"""Dates as the GOV.UK style guide writes them: 31 January 2026, 2:05pm."""

DATE_FORMAT = "j F Y"
SHORT_DATE_FORMAT = "j M Y"
MONTH_DAY_FORMAT = "j F"
YEAR_MONTH_FORMAT = "F Y"
DATETIME_FORMAT = "j F Y, g:ia"
TIME_FORMAT = "g:ia"
