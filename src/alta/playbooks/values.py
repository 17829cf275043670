"""Values of a playbook's inputs."""

from __future__ import annotations

import re
from datetime import date
from math import isfinite
from typing import Any

from alta.playbooks.language import Input
from alta.playbooks.refusals import INPUT_INVALID


def valid_value(name: str, spec: Input, value: Any) -> Any:
    """The value in its type, where `spec` allows it; otherwise the refusal `job.input.invalid`."""
    try:
        match spec.type:
            case "string":
                if not isinstance(value, str) or len(value) > 4000 or "\x00" in value:
                    raise ValueError
            case "integer":
                value = int(str(value))
            case "number":
                value = float(str(value))
                if not isfinite(value):
                    raise ValueError
            case "boolean":
                if not isinstance(value, bool):
                    raise ValueError
            case "date":
                value = date.fromisoformat(str(value)).isoformat()
    except ValueError:
        raise INPUT_INVALID(input=name, value=value) from None
    too_small = spec.min is not None and isinstance(value, int | float) and value < spec.min
    too_large = spec.max is not None and isinstance(value, int | float) and value > spec.max
    misshapen = spec.pattern is not None and not re.fullmatch(spec.pattern, str(value))
    if too_small or too_large or misshapen or (spec.choices is not None and value not in spec.choices):
        raise INPUT_INVALID(input=name, value=value)
    return value
