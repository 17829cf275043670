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
NEEDS_OTHER_SERVICE = RefusalKind(
    "catalog.product.needs_other_service",
    _(
        "{product} needs a service of type {service_type} that works, and the customer has none; sell that first"
    ),
)
NOT_YET = RefusalKind(
    "catalog.product.not_yet", _("{product} goes on sale on {date}; choose another until then")
)
NO_LONGER = RefusalKind(
    "catalog.product.no_longer",
    _("{product} was on sale until {date}; choose another, or extend the date in the catalogue"),
)
TOO_MANY = RefusalKind(
    "catalog.product.too_many",
    _("{product}: a customer may have {most}, and this one has {count}; end one or change it instead"),
)
EXCLUDED = RefusalKind(
    "catalog.product.excluded",
    _("{product} does not go together with {other}, which the customer has; end or change that first"),
)
NEEDS_PAYMENT = RefusalKind(
    "catalog.product.needs_payment",
    _("{product} needs a valid payment method, and the customer has none; add one under Payments"),
)
NO_ADDRESS = RefusalKind(
    "catalog.product.no_address",
    _(
        "{product} is sold where there is coverage, and no address of the customer is known; add one under Sites"
    ),
)
NOT_COVERED = RefusalKind(
    "catalog.product.not_covered",
    _(
        "{product}: no address of the customer has coverage of type {service_type}; choose another product or site"
    ),
)
BUNDLE_WITHOUT_MEMBERS = RefusalKind(
    "catalog.product.bundle", _("{product} is a bundle without members; choose them in the catalogue first")
)
NOT_READY = RefusalKind(
    "catalog.product.not_ready", _("{product} can't be provisioned as it is: {reasons}"), 422
)
OTHER_KIND = RefusalKind("catalog.product.other_kind", _("{product} is of another category: {kind}"))
OTHER_SERVICE_TYPE = RefusalKind(
    "catalog.product.other_service_type", _("{product} is for another type of service: {service_type}")
)
NO_MATCH = RefusalKind("catalog.product.no_match", _("{product} does not contain «{search}»"))

PRODUCT_EXISTS = RefusalKind(
    "catalog.product.exists", _("There is a product «{slug}» already; choose another short name"), 422
)
PRODUCT_CHANGED = RefusalKind(
    "catalog.product.changed_meanwhile",
    _("Somebody saved {product} while you were editing it; open it again and repeat your change"),
)
FIRST_VERSION_AT_ONCE = RefusalKind(
    "catalog.product.first_version_at_once",
    _("A new product begins at once; to sell it later, write when it goes on sale"),
    422,
)
VERSION_NOT_PENDING = RefusalKind(
    "catalog.version.not_pending",
    _("Version {number} is not waiting for its date any more, so it can't be withdrawn"),
)
BUNDLE_EMPTY = RefusalKind(
    "catalog.bundle.empty", _("A bundle has two members at least; add products to it"), 422
)
BUNDLE_IN_BUNDLE = RefusalKind(
    "catalog.bundle.member_kind", _("{member} can't be in a bundle: only plans and add-ons can"), 422
)
BUNDLE_CURRENCY = RefusalKind(
    "catalog.bundle.currency", _("{member} is priced in {other}, and the bundle in {currency}"), 422
)
BUNDLE_CUSTOMERS = RefusalKind(
    "catalog.bundle.customers", _("{member} is not for everybody whom the bundle is for"), 422
)
MEMBERS_OF_NO_BUNDLE = RefusalKind(
    "catalog.bundle.not_a_bundle",
    _("Only a bundle has members; choose the kind «bundle» or remove them"),
    422,
)

# Why a product could not be provisioned.
PLAYBOOK_NOT_PUBLISHED = RefusalKind(
    "catalog.playbook.not_published",
    _("the playbook «{playbook}» is not published; publish it or choose another"),
    422,
)
PLAYBOOK_BROKEN = RefusalKind(
    "catalog.playbook.broken",
    _("the playbook «{playbook}» does not work any more ({mistake}); publish a corrected version"),
    422,
)
PLAYBOOK_OTHER_USE = RefusalKind(
    "catalog.playbook.other_use",
    _("the playbook «{playbook}» is for {wanted}, and this is {found}; choose another playbook"),
    422,
)
ITEM_MISSING = RefusalKind(
    "catalog.playbook.item_missing",
    _("the playbook takes «{template}» from stock as «{input}»; add it to the required inventory"),
    422,
)
ITEM_OPTIONAL = RefusalKind(
    "catalog.playbook.item_optional", _("the playbook can't do without «{input}»; mark it as required"), 422
)
ITEM_OTHER_TEMPLATE = RefusalKind(
    "catalog.playbook.item_other_template",
    _("the playbook takes «{wanted}» as «{input}», and the product gives «{found}»; choose «{wanted}»"),
    422,
)
ITEM_UNKNOWN = RefusalKind(
    "catalog.playbook.item_unknown",
    _("the playbook takes no «{input}» from stock; remove it from the required inventory"),
    422,
)
FEATURE_MISSING = RefusalKind(
    "catalog.playbook.feature_missing",
    _("the playbook needs a value for «{input}»; add it to the features"),
    422,
)
FEATURE_INVALID = RefusalKind(
    "catalog.playbook.feature_invalid",
    _("«{value}» is no valid value of the feature «{input}» for the playbook ({expected})"),
    422,
)

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

AREA_INVALID = RefusalKind("catalog.area.invalid", _("{field}: {reason}"), 422)
AREA_NOT_FOUND = RefusalKind(
    "catalog.area.not_found", _("There is no such coverage area; reload the list"), 404
)
