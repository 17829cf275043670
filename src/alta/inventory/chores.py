"""What the stock needs to have done from time to time."""

from __future__ import annotations

from alta.housekeeping import every
from alta.inventory.imports import forget_files
from alta.inventory.services import end_quarantines, expire_reservations

every(seconds=5)(expire_reservations)
every(seconds=60)(end_quarantines)
every(seconds=600)(forget_files)
