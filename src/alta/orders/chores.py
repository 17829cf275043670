"""What orders need to have done from time to time."""

from __future__ import annotations

from alta.housekeeping import every
from alta.orders.bundles import resume_bundles
from alta.orders.undoing import resume_undoing

every(seconds=10)(resume_undoing)
every(seconds=10)(resume_bundles)
