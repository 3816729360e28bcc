"""Kolibri as the platform runs it: settings, web server, upgrade. Lies in the image beside Kolibri itself."""
