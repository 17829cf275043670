"""What is refused about people, passwords and signing in."""

from django.utils.translation import gettext_lazy as _

from alta.refusal import RefusalKind

PERMISSION_MISSING = RefusalKind(
    "accounts.permission.missing",
    _("You need the permission to {permission} (roles: {roles}). An administrator can give it to you."),
    403,
)
PAGE_UNDECLARED = RefusalKind(
    "accounts.permission.undeclared",
    _("Nobody may open {page} yet: its permission is not declared. Tell whoever maintains Alta."),
    403,
)
USER_NOT_FOUND = RefusalKind(
    "accounts.user.not_found", _("There is no such person. Go back to the list of people."), 404
)
NAME_TAKEN = RefusalKind("accounts.user.name_taken", _("Somebody is already called «{name}»; choose another"))
NAME_MALFORMED = RefusalKind(
    "accounts.user.name_malformed",
    _("«{name}» can't be a user name: use letters, digits and . + - _ @, up to 150"),
    422,
)
EMAIL_MALFORMED = RefusalKind("accounts.user.email_malformed", _("«{email}» is not an e-mail address"), 422)
ROLE_UNKNOWN = RefusalKind(
    "accounts.role.unknown", _("There is no role «{role}»; the roles are: {roles}"), 422
)
LAST_ADMINISTRATOR = RefusalKind(
    "accounts.user.last_administrator",
    _("{name} is the last administrator. Give somebody else that role first."),
)
PASSWORD_WEAK = RefusalKind("accounts.password.weak", _("Choose another password: {reasons}"), 422)
PASSWORD_WRONG = RefusalKind("accounts.password.wrong", _("That is not your password. Try again."), 422)
PASSWORDS_DIFFER = RefusalKind(
    "accounts.password.different", _("The two passwords are not the same. Type them again."), 422
)
SIGN_IN_WRONG = RefusalKind(
    "accounts.sign_in.wrong", _("User and password don't match. Check both and try again."), 422
)
SIGN_IN_LOCKED = RefusalKind(
    "accounts.sign_in.locked",
    _("Too many failed attempts. Try again in {minutes} min, or ask an administrator for a new password."),
    429,
)
SIGN_IN_STALE = RefusalKind(
    "accounts.sign_in.stale", _("This sign-in took too long. Start again with your password."), 422
)
CODE_WRONG = RefusalKind(
    "accounts.code.wrong",
    _("That code is not valid now. Wait for the next one, check your phone's clock, or use a recovery code."),
    422,
)
TWO_FACTOR_ON = RefusalKind(
    "accounts.two_factor.on", _("The second factor is already on. Turn it off first to set up another phone.")
)
TWO_FACTOR_OFF = RefusalKind("accounts.two_factor.off", _("The second factor is not on. Set it up first."))
SESSION_NOT_FOUND = RefusalKind(
    "accounts.session.not_found", _("That session has ended already. Reload the page."), 404
)
KEY_NAME = RefusalKind(
    "accounts.key.name", _("Give the key a name of up to 100 characters: which program uses it?"), 422
)
KEY_SCOPE = RefusalKind("accounts.key.scope", _("There is no permission «{scope}»; reload the page"), 422)
KEY_DAYS = RefusalKind(
    "accounts.key.days", _("Write how many days the key lasts: a whole number from 1 to {most}"), 422
)
KEY_FOR_OTHERS = RefusalKind(
    "accounts.key.for_others",
    _("You can't make a key that acts as {person}. Ask somebody who administers people."),
    403,
)
KEY_NOT_FOUND = RefusalKind("accounts.key.not_found", _("There is no such key. Reload the page."), 404)
