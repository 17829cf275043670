from django.utils.translation import gettext_lazy as _

from alta.refusal import RefusalKind

NOT_FOUND = RefusalKind(
    "order.not_found", _("There is no such assignment. Start again from the catalogue."), 404
)
NOT_A_DRAFT = RefusalKind(
    "order.not_a_draft", _("This assignment has been confirmed or cancelled; it can't be changed any more.")
)
INCOMPLETE = RefusalKind("order.incomplete", _("Something is still missing: {step}. Complete it first."), 422)
PRODUCT_NOT_FOUND = RefusalKind(
    "order.product_not_found", _("There is no such product. Choose one from the catalogue."), 404
)
PRODUCT_CHANGED = RefusalKind(
    "order.product.changed",
    _(
        "{product} has changed since this page was shown. Go back to the review, look at the prices and confirm again."
    ),
)
CUSTOMER_NOT_FOUND = RefusalKind(
    "order.customer_not_found", _("There is no such customer. Search by name, ID, e-mail or phone."), 404
)
INPUT_UNKNOWN = RefusalKind("order.input_unknown", _("The product takes no «{input}»."), 422)
ITEM_OF_ANOTHER_KIND = RefusalKind(
    "order.item_of_another_kind", _("{item} is not of the kind «{wanted}»; choose one from the list."), 422
)
OTHER_ACTION = RefusalKind(
    "order.other_action",
    _("This is a {action}; it has no such choice. Start another from the service's page."),
)
WRONG_KIND = RefusalKind(
    "order.wrong_kind",
    _("{product} does not fit this service. Choose something of the same type of service and currency."),
    422,
)
SAME_PLAN = RefusalKind("order.same_plan", _("The service has {product} already; choose another plan."), 422)
SERVICE_OF_ANOTHER = RefusalKind(
    "order.service_of_another",
    _("{service} is another customer's; choose one of this customer's services."),
    422,
)
CANT_BE_CHANGED = RefusalKind(
    "order.cant_be_changed",
    _("«{action}» isn't possible: the service is «{state}». Open the service to see what can be done."),
)
NO_PLAYBOOK_FOR = RefusalKind(
    "order.no_playbook_for",
    _("{product} has no playbook for «{action}». Ask whoever keeps the catalogue to choose one."),
)
CHANGE_UNDER_WAY = RefusalKind(
    "order.change_under_way",
    _("Another change of this service is not finished: {action}, order {order}. Finish or cancel it first."),
)
REASON_MISSING = RefusalKind("order.reason_missing", _("Say why; it is kept with the service."), 422)
SITE_MISSING = RefusalKind(
    "order.site_missing",
    _("{product} is installed somewhere: choose the installation site, or add one to the customer"),
    422,
)
SAME_SITE = RefusalKind("order.same_site", _("{service} is at this site already; choose another."), 422)
SITE_NOT_IN_USE = RefusalKind(
    "order.site_not_in_use", _("{site} is not in use any more; choose another site or put it in use again")
)
CONTACT_NOT_IN_USE = RefusalKind(
    "order.contact_not_in_use", _("{contact} is not in use any more; choose another contact")
)
LATER_ORDERS = RefusalKind(
    "order.later_orders",
    _(
        "Later orders of the service stand in the way: {orders}. Open «Undo» again, and confirm that they go too."
    ),
)
LATER_IS_FINAL = RefusalKind("order.later_is_final", _("{action} (order {order}) came after it. {reason}"))
BEING_UNDONE = RefusalKind(
    "order.being_undone",
    _("{service} is being taken back (order {order}). Wait until that is done, or retry it where it failed."),
)
NOT_TAKEN_BACK = RefusalKind(
    "order.not_taken_back",
    _("The assignment stands. Undo it first; then the same can be assigned to the right customer."),
)
NOT_A_SALE = RefusalKind(
    "order.not_a_sale", _("«{action}» sold nothing that could be assigned to another customer."), 422
)
MEMBER_WITHOUT_SERVICE = RefusalKind(
    "order.member_without_service",
    _("{product} needs a service of its type in use; assign one first, or take another bundle."),
)
