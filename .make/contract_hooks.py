"""What schemathesis cannot know of our bodies."""
import copy
import json

import schemathesis


@schemathesis.serializer("application/x-ndjson", "text/csv")
def lines(ctx, value):
    """Lines of JSON are sent as they are."""
    if isinstance(value, bytes):
        return value
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else json.dumps(value).encode()


@schemathesis.hook
def filter_case(ctx, case):
    """`null` is the same as leaving a member out, as the document says: a body that is wrong by it alone is right."""
    return not holds_null(case.body)


def holds_null(value):
    if isinstance(value, dict):
        return any(member is None or holds_null(member) for member in value.values())
    return isinstance(value, list) and any(holds_null(element) for element in value)


@schemathesis.hook
def before_load_schema(ctx, raw_schema):
    """Writes the two dozen `if` of bulk actions as `anyOf`: no value is found for so many conditions at once."""
    media = raw_schema["paths"]["/v1/bulk-actions"]["post"]["requestBody"]["content"]["application/json"]
    schema = media["schema"]
    media["schema"] = {"anyOf": [alternative(schema, rule) for rule in schema["allOf"] if "if" in rule]}


def alternative(schema, rule):
    """The schema where the condition of one rule holds."""
    whole = copy.deepcopy(schema)
    whole["allOf"] = [other for other in whole["allOf"] if "if" not in other]
    whole["properties"] |= rule["if"]["properties"] | rule["then"].get("properties", {})
    whole["required"] = whole["required"] + rule["then"].get("required", [])
    return whole
