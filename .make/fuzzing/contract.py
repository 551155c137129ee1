"""What the OpenAPI document says can be asked, and values that fit its schemas."""

import re
import string

METHODS = ("get", "put", "post", "delete")
CODES = re.compile(r"Codes(?: of [\w-]+)?: ([\w, -]+)\.")
PROSE = "群里的淘宝链接打不开。 The link does not open in a group chat, since 2021-09-16."


class Operation:
    def __init__(self, path, method, said):
        self.path, self.method, self.id = path, method.upper(), said["operationId"]
        self.parameters = said.get("parameters", [])
        self.bodies = said.get("requestBody", {}).get("content", {})
        self.who = [next(iter(choice), "anyone") for choice in said.get("security", [{}])]

    def having(self, place):
        return [parameter for parameter in self.parameters if parameter["in"] == place]


class Contract:
    def __init__(self, document, world):
        self.schemas = document["components"]["schemas"]
        self.world = world
        self.operations = [
            Operation(path, method, said)
            for path, item in sorted(document["paths"].items())
            for method, said in sorted(item.items())
            if method in METHODS
        ]

    def resolved(self, schema):
        """The schema without a reference, and with one of its choices made known as such."""
        while "$ref" in schema:
            schema = self.schemas[schema["$ref"].rsplit("/", 1)[1]] | {k: v for k, v in schema.items() if k != "$ref"}
        return schema

    def sample(self, rng, schema, name="", depth=0):
        """A value that fits the schema as far as a schema can tell."""
        schema = self.resolved(schema)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return rng.choice(schema["enum"])
        for choice in ("oneOf", "anyOf"):
            if choice in schema and "type" not in schema:
                return self.sample(rng, rng.choice(schema[choice]), name, depth)
        kind = schema.get("type", "object")
        if isinstance(kind, list):
            kind = rng.choice(kind)
        if kind == "object":
            return self.sample_object(rng, schema, depth)
        if kind == "array":
            count = rng.choice([1, 1, 2, 3]) if schema.get("minItems") else rng.choice([0, 1, 1, 2, 3])
            return [self.sample(rng, schema.get("items", {}), name, depth + 1) for _ in range(count)]
        if kind in ("integer", "number"):
            return self.sample_number(rng, schema, name)
        return rng.random() < 0.5 if kind == "boolean" else None if kind == "null" else self.sample_text(rng, schema, name)

    def sample_object(self, rng, schema, depth):
        value, required = {}, set(schema.get("required", []))
        chosen = rng.choice([0.1, 0.3, 0.8])
        for name, member in schema.get("properties", {}).items():
            if name in required or (depth < 5 and rng.random() < chosen):
                value[name] = self.sample(rng, member, name, depth + 1)
        if "additionalProperties" in schema and isinstance(schema["additionalProperties"], dict):
            for example in schema.get("examples", [])[:1]:
                value |= example
        for rule in schema.get("allOf", []):
            self.obey(rng, rule, value, schema, depth)
        return value

    def obey(self, rng, rule, value, schema, depth):
        """Carries out an `if` of the schema that depends on constants, such as what each kind of filing needs."""
        conditions = rule.get("if", {}).get("properties", {})
        if not all(value.get(name) == said.get("const") for name, said in conditions.items()):
            return
        then = rule.get("then", {})
        for name, said in then.get("properties", {}).items():
            value[name] = self.sample(rng, said, name, depth + 1)
        for name in then.get("required", []):
            if name not in value:
                value[name] = self.sample(rng, schema["properties"].get(name, {}), name, depth + 1)
        refused = then.get("not", {})
        for choice in refused.get("anyOf", [refused]):
            for name in choice.get("required", []):
                value.pop(name, None)

    def sample_number(self, rng, schema, name):
        low, high = schema.get("minimum", 0), schema.get("maximum", 1000)
        if name in ("barrier", "number", "barriers"):
            return rng.randint(1, 40)
        return rng.choice([low, high, rng.randint(low, min(high, low + 20))])

    def sample_text(self, rng, schema, name):
        words = self.world.words(name, rng)
        if words is not None and rng.random() < 0.8:
            return words
        if schema.get("format") == "date":
            return rng.choice(["2021-09-16", "2021-10-31", "2021-12-31", "2022-01-22", "2024-01-22", "2026-11-30"])
        if schema.get("format") == "uuid":
            return self.world.uuid(rng)
        codes = CODES.search(schema.get("description", ""))
        if codes and rng.random() < 0.8:
            return rng.choice(codes[1].split(", "))
        examples = [example for example in schema.get("examples", []) if isinstance(example, str)]
        if examples and rng.random() < 0.8:
            return rng.choice(examples)
        if schema.get("maxLength", 0) >= 200:
            return PROSE[: schema["maxLength"]]
        return "".join(rng.choice(string.ascii_lowercase) for _ in range(max(8, schema.get("minLength", 1))))
