"""The keys that services and items are found by. Customers have their own table, in `customers`."""

from __future__ import annotations

from django.db import models


class SearchKey(models.Model):
    """One way to find a service or an item: somebody types the beginning of `key`. Triggers keep them, whoever writes.

    The primary key is the index that a search reads: keys in byte order, so that a beginning is a range and reading
    stops early. There is no foreign key, and no index by object: the keys of a row are worked out from it again."""

    class Kind(models.IntegerChoices):
        ITEM = 1
        SERVICE = 2

    pk = models.CompositePrimaryKey("kind", "key", "object_id")
    kind = models.SmallIntegerField(choices=Kind.choices)
    key = models.CharField(max_length=200, db_collation="C")
    object_id = models.BigIntegerField()

    class Meta:
        db_table = "search_key"

    def __str__(self) -> str:
        return self.key
