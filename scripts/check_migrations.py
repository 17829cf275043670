"""Fails where a model was changed without its migration. Needs no database."""

from __future__ import annotations

import os
import sys
import warnings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alta.settings")

import django
from django.core.management import call_command

warnings.filterwarnings("ignore", message="Got an error checking a consistent migration history")
django.setup()
try:
    call_command("makemigrations", check=True, dry_run=True, verbosity=1)
except SystemExit as left:
    sys.exit(left.code)
print("Migrations are up to date")
