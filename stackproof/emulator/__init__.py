"""The embedded AWS: ministack as a process of its own, made truer where the platform and its tests rely on it.

Run it with `python -m stackproof.emulator`; nothing else imports it. It speaks the AWS APIs over HTTP on 127.0.0.1,
keeps everything in memory, and takes any 12-digit access key id as an account. Three things are added to ministack:
resource types that its CloudFormation lacks (`handlers/`), answers that differ from AWS's (`handlers/`, by service),
and what CloudFormation itself does with a change set (`cloudformation/`). What it cannot show: docs/emulator.md.
"""
