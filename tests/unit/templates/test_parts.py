"""The parts of the platform: each resource belongs to one, and the engine reads them."""

from __future__ import annotations

import json
from collections import Counter

from troposphere import Template
from troposphere.sns import Topic

from stackproof import parts as engine
from templates import TEMPLATES, parts


def test_every_resource_of_the_platform_belongs_to_one_part() -> None:
    for name in ("lms", "lms-disposable"):
        body = json.loads(TEMPLATES[name]().to_json())
        told = Counter(logical_id for ids in body["Metadata"][parts.KEY].values() for logical_id in ids)
        assert told == Counter(list(body["Resources"]))


def test_the_engine_reads_what_the_templates_write() -> None:
    body = json.loads(TEMPLATES["lms"]().to_json())
    found = engine.parts_of(body)
    assert (found["Vpc"], found["CacheSecret"], found["Service"]) == ("network", "cache", "application")
    assert set(found) == set(body["Resources"])


def test_what_a_part_adds_by_way_of_another_belongs_to_that_one() -> None:
    @parts.part("inner")
    def inner(t: Template) -> str:
        return str(t.add_resource(Topic("Inner")).title)

    @parts.part("outer")
    def outer(t: Template, *, suffix: str) -> str:
        t.add_resource(Topic("Outer"))
        return inner(t) + suffix

    @parts.part("nothing")
    def nothing(t: Template) -> None:
        """Adds no resource."""

    t = Template()
    t.add_resource(Topic("Before"))
    assert outer(t, suffix="!") == "Inner!"
    nothing(t)
    assert t.metadata[parts.KEY] == {"inner": ["Inner"], "outer": ["Outer"]}
