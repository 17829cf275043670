"""Products, by the words of their names and summaries. A catalogue is short: it is read whole."""

from __future__ import annotations

from django.utils.translation import get_language

from alta.catalog.rules import Kind
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
            facts=(str(Kind(kind).label), type_en if english else type_es),
        )
        for slug, name_es, name_en, kind, type_es, type_en in rows(_BY_WORDS, params)
    ]


_BY_WORDS = """
SELECT p.slug, p.name_es, p.name_en, p.kind, t.name_es, t.name_en
FROM catalog_product AS p JOIN catalog_servicetype AS t ON t.slug = p.service_type
WHERE ' ' || search_fold(concat_ws(' ', p.name_es, p.name_en, p.slug, p.summary_es, p.summary_en)) LIKE ALL (%(words)s::text[])
ORDER BY p.enabled DESC, p.position, p.id
LIMIT %(limit)s
"""
