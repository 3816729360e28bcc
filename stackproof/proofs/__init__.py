"""Proofs: a template and its parameters in, findings out; pure, without AWS, without cfn-lint on the way.

From the template to findings, each using only what stands above it::

    values, logic      literal | Sym | Dynamic | Text | Unknown; True, False or None (only AWS knows)
    patterns, equality matches(pattern, text): IAM globs over text that holds symbols; equal(left, right)
    schemas            the registry schemas that cfn-lint ships, one file per type: create-only properties, tags
    shapes, arns       what Ref and each attribute of a type stand for: meaning, name, arn, expand
    verdicts           Verdict, Finding, proved(…), broken(…), unknown(…)

    resolve/           resolve(template, parameters, region=…, account=…, stack_name=…) -> Stack
                       conditions: which combinations parameters can reach; mentions: every reference as written
    iam/               policy documents: read, and asked
    model/             model(stack) -> System: typed components instead of CloudFormation's JSON
    needs/             what components need to be allowed

    network/, permissions/, stores/, wiring/, intent/, references, meanings, names, tags
                       queries: System or Stack -> list[Finding]; what a package asks is listed in its `queries`
    diff               diff(old, new): two stacks -> what a change would do
    check              every query, with the exceptions that intent.toml accepts

Reading a stack::

    stack = resolve(template, {"EnvironmentSuffix": "dev"})
    for service in stack.of_type("AWS::ECS::Service"):
        subnets = items(at(service.properties, "NetworkConfiguration", "AwsvpcConfiguration", "Subnets"))
        if isinstance(subnets, Unknown):      # never a pass: unknown("net-…", service.logical_id, "Properties.…", …)
            ...
        for subnet in subnets:
            stack.target(subnet)              # the Resource that a Ref or GetAtt points at, None for anything else

* Nothing raises on foreign input: `at(value, *keys)` gives None where nothing stands and Unknown below what is not
  known; `items(value)` makes a list of a property that takes one; `number(value)` and `flag(value)` read "80" and
  "true".
* Two spellings of one thing give equal values: Sub and Join, `Ref` and `VpcId`, a dead Fn::If branch, AWS::NoValue.
* A Sym has identity: `Sym("Key", "Arn")` is the key's ARN wherever it stands. Before ARNs or names are compared or
  matched, `arns.expand(stack, value)` spells them out, so that GetAtt and Fn::Sub of the same ARN are equal.
* A list parameter without a value, or GetAZs, is one Sym with `many`; `items` answers Unknown, Fn::Select of it a
  symbol. Zones are symbols by position: the same position is the same zone, two positions are two zones.
* `leaves(value)` and `references(value)` walk with paths; `dotted(("Properties", *path))` is the path that a Finding
  names, and `stack.source(logical_id, path)` where it stands in the template (behind Fn::If).
* Rule ids are `<area>-<what>`: ref-, net-, iam-, store-, wire-, tag-, intent-. A query returns proved needs too, with
  their witness.
"""
