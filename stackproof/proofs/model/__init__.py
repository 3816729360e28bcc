"""What a resolved stack builds, in typed components: the `System` that queries ask."""
