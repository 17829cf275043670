"""What the catalogue needs to have done from time to time."""

from __future__ import annotations

from alta.catalog.versions import bring_into_force
from alta.housekeeping import every

every(seconds=10)(bring_into_force)
