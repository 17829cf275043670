"""The use cases of orders: choosing (`drafts`), confirming and following (`confirming`), taking back (`undoing`) and
selling again (`again`). Each is one transaction."""

from alta.orders.again import assign_same as assign_same
from alta.orders.confirming import confirm as confirm
from alta.orders.drafts import answer_details as answer_details
from alta.orders.drafts import answer_renewal as answer_renewal
from alta.orders.drafts import begin as begin
from alta.orders.drafts import begin_change as begin_change
from alta.orders.drafts import choose_customer as choose_customer
from alta.orders.drafts import choose_item as choose_item
from alta.orders.drafts import choose_product as choose_product
from alta.orders.drafts import choose_service as choose_service
from alta.orders.drafts import choose_slot as choose_slot
from alta.orders.drafts import choose_when as choose_when
from alta.orders.drafts import facts as facts
from alta.orders.drafts import give_up as give_up
from alta.orders.drafts import leave_item as leave_item
from alta.orders.drafts import leave_slot_for_later as leave_slot_for_later
from alta.orders.drafts import register_and_choose as register_and_choose
from alta.orders.undoing import go_on_undoing as go_on_undoing
from alta.orders.undoing import undo as undo
