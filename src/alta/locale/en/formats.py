"""Dates as the people write them who read our English screens: day first, 24 hours."""

SHORT_DATE_FORMAT = "d/m/Y"
SHORT_DATETIME_FORMAT = "d/m/Y H:i"
