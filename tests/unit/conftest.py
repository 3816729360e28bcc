"""Property tests try the same examples on every machine, and a busy machine is no failure."""

from hypothesis import settings

settings.register_profile("repository", deadline=None, derandomize=True)
settings.load_profile("repository")
