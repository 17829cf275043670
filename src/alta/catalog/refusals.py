"""Why a product is not on offer, and what else the catalogue refuses."""

from django.utils.translation import gettext_lazy as _

from alta.refusal import RefusalKind

DISABLED = RefusalKind(
    "catalog.product.disabled", _("{product} is not enabled; enable it in the catalogue to sell it")
)
NO_PLAYBOOK = RefusalKind(
    "catalog.product.no_playbook", _("{product} has no playbook yet; choose one in the catalogue to sell it")
)
CUSTOMER_KIND = RefusalKind(
    "catalog.product.customer_kind", _("{product} is not for this type of customer; switch to {kinds}")
)
CURRENCY = RefusalKind(
    "catalog.product.currency", _("{product} is priced in {currency}, and the customer pays in {other}")
)
NEEDS_SERVICE = RefusalKind(
    "catalog.product.needs_service",
    _("{product} is added to a service of type {service_type}, and the customer has none; sell a plan first"),
)
OTHER_KIND = RefusalKind("catalog.product.other_kind", _("{product} is of another category: {kind}"))
OTHER_SERVICE_TYPE = RefusalKind(
    "catalog.product.other_service_type", _("{product} is for another type of service: {service_type}")
)
NO_MATCH = RefusalKind("catalog.product.no_match", _("{product} does not contain «{search}»"))

PRODUCT_NOT_FOUND = RefusalKind("catalog.product.not_found", _("There is no product {product}"), 404)
PRODUCT_INVALID = RefusalKind("catalog.product.invalid", _("{field}: {reason}"), 422)

SERVICE_TYPE_NOT_FOUND = RefusalKind(
    "catalog.service_type.not_found", _("There is no service type «{slug}»; reload the list"), 404
)
SERVICE_TYPE_INVALID = RefusalKind("catalog.service_type.invalid", _("{field}: {reason}"), 422)
SERVICE_TYPE_IN_USE = RefusalKind(
    "catalog.service_type.in_use",
    _("{name} can't be removed: {products} products are of this type. Give them another type first."),
)
