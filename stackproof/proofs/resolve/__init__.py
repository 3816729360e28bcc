"""From a template and its parameters to a `Stack`: the only layer that knows CloudFormation's JSON."""
