"""Products, by the words of their names and summaries. A catalogue is short: it is read whole."""

from __future__ import annotations

from django.utils.translation import get_language

from alta.catalog.rules import Kind, ServiceType
from alta.search.found import Hit
from alta.search.keys import rows
from alta.search.typed import Typed


def find(typed: Typed, limit: int) -> list[Hit]:
    """Those on sale come first."""
    if not typed.words or typed.only_id or max(map(len, typed.words)) < 2:
        return []
    params = {"words": [f"% {word}%" for word in typed.words], "limit": limit}
    english = (get_language() or "es").startswith("en")
    return [
        Hit(
            slug,
            name_en if english else name_es,
            facts=(str(Kind(kind).label), str(ServiceType(service_type).label)),
        )
        for slug, name_es, name_en, kind, service_type in rows(_BY_WORDS, params)
    ]


_BY_WORDS = """
SELECT slug, name_es, name_en, kind, service_type FROM catalog_product
WHERE ' ' || search_fold(concat_ws(' ', name_es, name_en, slug, summary_es, summary_en)) LIKE ALL (%(words)s::text[])
ORDER BY enabled DESC, position, id
LIMIT %(limit)s
"""
