"""What a template cannot show: declared in params/intent.toml, and held against the template."""
