"""Every kind of message, also at its limits, is one by the provider's own description: whatsapp_sends_test.py PRINT_BODIES SPEC"""
import copy
import json
import re
import subprocess
import sys

try:
    import yaml
except ImportError:
    sys.exit("whatsapp_sends_test.py needs python3-yaml: apt-get install python3-yaml")

program, spec = sys.argv[1:]
with open(spec) as file:
    document = yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
schemas = document["components"]["schemas"]

# Where the description says less than the provider's pages, or something else:
# - our own id, which comes back in statuses, is not in it
# - two types of interactive messages are not in it, and the body of a list may be longer
# - the place of a button is to be one of some characters, as a pattern that was meant for something else has it
# - a name for a template's value belongs to its parameter, which it leaves open
UNKNOWN_TYPES = {"cta_url", "location_request_message"}


def resolved(schema):
    """With references followed and what must hold all together made one."""
    while "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    if "allOf" not in schema:
        return schema
    whole = {"type": "object", "required": [], "properties": {}}
    for part in map(resolved, schema["allOf"]):
        whole["required"] += part.get("required", [])
        for name, inner in part.get("properties", {}).items():
            whole["properties"][name] = {**whole["properties"].get(name, {}), **inner}
        if part.get("additionalProperties") is False:
            whole["additionalProperties"] = False
    return whole


TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "number": (int, float), "integer": int}


def faults(schema, value, place):
    schema = resolved(schema)
    if "type" in schema and not isinstance(value, TYPES[schema["type"]]):
        yield f"{place}: no {schema['type']}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{place}: {value!r} is none of {schema['enum']}"
    if isinstance(value, str):
        if len(value) > schema.get("maxLength", len(value)):
            yield f"{place}: {len(value)} characters, {schema['maxLength']} allowed"
        if "pattern" in schema and not re.search(schema["pattern"], value):
            yield f"{place}: {value!r} is not like {schema['pattern']}"
    if isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            yield f"{place}: {len(value)} elements"
        for index, inner in enumerate(value):
            yield from faults(schema.get("items", {}), inner, f"{place}[{index}]")
    if isinstance(value, dict):
        for name in schema.get("required", []):
            if name not in value:
                yield f"{place}.{name}: is missing"
        properties = schema.get("properties", {})
        for name, inner in value.items():
            if name in properties:
                yield from faults(properties[name], inner, f"{place}.{name}")
            elif schema.get("additionalProperties") is False:
                yield f"{place}.{name}: is unknown"
    if "oneOf" in schema:
        chosen = [list(faults(one, value, place)) for one in schema["oneOf"]]
        if sum(not found for found in chosen) != 1:
            yield f"{place}: fits {sum(not found for found in chosen)} of {len(chosen)}: {min(chosen, key=len)}"


def by_type(body):
    mapping = resolved(schemas["Message"])["discriminator"]["mapping"]
    return {"$ref": mapping[body["type"]]}


def as_described(body):
    """The body without what the description does not know; None when there is nothing it could say of it."""
    body = copy.deepcopy(body)
    body.pop("biz_opaque_callback_data", None)
    interactive = body.get("interactive", {})
    if interactive.get("type") in UNKNOWN_TYPES:
        return None
    if interactive.get("type") == "list":
        interactive["body"]["text"] = interactive["body"]["text"][:1024]
    for component in body.get("template", {}).get("components", []):
        if re.fullmatch(r"\d\d?", component.get("index", "0")):
            component.pop("index", None)
    return body


def check_the_check():
    """A fault in each of these is found."""
    good = {"messaging_product": "whatsapp", "recipient_type": "individual", "to": "+12025550142", "type": "text", "text": {"body": "hi"}}
    assert not list(faults(by_type(good), good, "body"))
    for wrong in ({"text": {"body": 1}}, {"text": {"bodies": "hi"}}, {"recipient_type": "crowd"}, {"colour": "red"}, {"type": "image", "image": {}}):
        bad = {**good, **wrong}
        assert list(faults(by_type(bad), bad, "body")), wrong


check_the_check()
lines = subprocess.run([program], stdout=subprocess.PIPE, check=True, text=True).stdout.splitlines()
found, looked_at, types = [], 0, set()
for line in lines:
    one = json.loads(line)
    body = as_described(one["body"])
    if body is None:
        continue
    looked_at += 1
    types.add(body["type"])
    found += [f"{one['name']}: {fault}" for fault in faults(by_type(body), body, "body")]
print("\n".join(found) or f"{looked_at} of {len(lines)} bodies")
missing = set(resolved(schemas["Message"])["discriminator"]["mapping"]) - types
if missing:
    found.append(f"no body of {missing}")
    print(found[-1])
sys.exit(1 if found else 0)
