"""Products: what a price is of."""

from sandbox.stripe.errors import invalid
from sandbox.stripe.lists import matching, page
from sandbox.stripe.registry import Call, handles, merged
from sandbox.stripe.values import Obj


@handles("PostProducts", "active description id metadata name unit_label")
def create(call: Call) -> Obj:
    """Make a product, under an id of the caller's when one is given."""
    account, params = call.account, call.params
    given = call.given("id")
    if given and account.objects.find(given["id"]):
        raise invalid(f"Product already exists: {given['id']}", "id", "resource_already_exists")
    made = account.new(
        "product",
        active=params.get("active", True),
        images=[],
        metadata=merged({}, params.get("metadata", {})),
        updated=account.now(),
        default_price=None,
        **call.given("id", "name", "description", "unit_label"),
    )
    account.emit("product.created", made)
    return made


@handles("GetProductsId")
def retrieve(call: Call) -> Obj:
    """Return a product."""
    return call.account.objects.get("product", call.arguments[0])


@handles("PostProductsId", "active description metadata name unit_label")
def update(call: Call) -> Obj:
    """Change a product."""
    found = call.account.objects.get("product", call.arguments[0])
    found.update(call.given("active", "description", "name", "unit_label"), updated=call.account.now())
    found["metadata"] = merged(found["metadata"], call.params.get("metadata", {}))
    call.account.emit("product.updated", found)
    return found


@handles("GetProducts", "active ids")
def listed(call: Call) -> Obj:
    """List products."""
    rows = matching(call, call.account.objects.all("product"), "active")
    wanted = call.params.get("ids")
    return page(call, [row for row in rows if wanted is None or row["id"] in wanted])
