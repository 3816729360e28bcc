"""The only part that reaches AWS: a template becomes a stack by way of a change set, and a failure becomes words."""
