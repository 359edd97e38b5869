"""Prices: flat, or metered by a meter."""

from decimal import ROUND_HALF_UP, Decimal

from sandbox.stripe.errors import invalid
from sandbox.stripe.lists import matching, page
from sandbox.stripe.registry import Call, handles, merged
from sandbox.stripe.values import Obj


def amount_of(price: Obj, quantity: int) -> int:
    """Return what a quantity costs in cents, half up."""
    return cents(Decimal(price["unit_amount_decimal"]) * quantity)


def cents(exact: Decimal) -> int:
    """Return whole cents, half up."""
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def priced(price: Obj) -> Obj:
    """Return how a line shows its price."""
    details = {"price": price["id"], "product": price["product"]}
    return {"type": "price_details", "price_details": details, "unit_amount_decimal": price["unit_amount_decimal"]}


@handles(
    "PostPrices",
    """active currency lookup_key metadata nickname product product_data unit_amount unit_amount_decimal
    recurring.interval recurring.interval_count recurring.meter recurring.usage_type""",
)
def create(call: Call) -> Obj:
    """Make a price; a metered one needs a meter, as there is no other usage any more."""
    account, params = call.account, call.params
    unit = params.get("unit_amount_decimal", params.get("unit_amount"))
    if unit is None or ("unit_amount" in params and "unit_amount_decimal" in params):
        raise invalid("Give exactly one of unit_amount and unit_amount_decimal.", "unit_amount")
    exact = Decimal(str(unit))
    _check_lookup_key(call)
    made = account.new(
        "price",
        active=params.get("active", True),
        billing_scheme="per_unit",
        currency=params["currency"],
        metadata=merged({}, params.get("metadata", {})),
        product=_product(call),
        recurring=_recurring(call),
        type="recurring" if "recurring" in params else "one_time",
        tax_behavior="unspecified",
        unit_amount=int(exact) if exact == exact.to_integral_value() else None,
        unit_amount_decimal=format(exact.normalize(), "f"),
        **call.given("lookup_key", "nickname"),
    )
    account.emit("price.created", made)
    return made


def _check_lookup_key(call: Call) -> None:
    key = call.params.get("lookup_key")
    prices = call.account.objects.all("price")
    if taken := [row["id"] for row in prices if key and row["active"] and row["lookup_key"] == key]:
        message = f"A price (`{taken[0]}`) already uses that lookup key."
        raise invalid(message, "lookup_key", "resource_already_exists")


def _product(call: Call) -> str:
    account, params = call.account, call.params
    if data := params.get("product_data"):
        product = account.new(
            "product",
            active=True,
            images=[],
            name=data["name"],
            metadata=data.get("metadata", {}),
            updated=account.now(),
        )
        account.emit("product.created", product)
        return str(product["id"])
    if "product" not in params:
        raise invalid("Missing required param: product.", "product", "parameter_missing")
    return str(account.objects.get("product", params["product"], "product")["id"])


def _recurring(call: Call) -> Obj | None:
    asked = call.params.get("recurring")
    if asked is None:
        return None
    usage, meter = asked.get("usage_type", "licensed"), asked.get("meter")
    if (usage == "metered") is (meter is None):
        raise invalid("A metered price needs a meter, and only a metered price has one.", "recurring[meter]")
    if meter:
        call.account.objects.get("billing.meter", meter, "recurring[meter]")
    count = asked.get("interval_count", 1)
    return {"interval": asked["interval"], "interval_count": count, "meter": meter, "usage_type": usage}


@handles("GetPricesPrice")
def retrieve(call: Call) -> Obj:
    """Return a price."""
    return call.account.objects.get("price", call.arguments[0])


@handles("PostPricesPrice", "active lookup_key metadata nickname")
def update(call: Call) -> Obj:
    """Change what a price is called, or that it is used; its amount never."""
    found = call.account.objects.get("price", call.arguments[0])
    found.update(call.given("active", "lookup_key", "nickname"))
    found["metadata"] = merged(found["metadata"], call.params.get("metadata", {}))
    call.account.emit("price.updated", found)
    return found


@handles("GetPrices", "active currency lookup_keys product type")
def listed(call: Call) -> Obj:
    """List prices."""
    rows = matching(call, call.account.objects.all("price"), "active", "currency", "product", "type")
    wanted = call.params.get("lookup_keys")
    return page(call, [row for row in rows if wanted is None or row["lookup_key"] in wanted])
