"""`python -m stackproof` is the command `stackproof`."""

import sys

from stackproof.commands import main

sys.exit(main())
