"""The platform's templates. Nothing is built on import: TEMPLATES holds the functions that do it.

Two files are read here, when a template that needs them is built: application.toml (docs/adr/0004), and the code of the
function that stands in the template (functions/, docs/adr/0012).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from troposphere import Template

APPLICATION_TOML: Final = Path(__file__).resolve().parent.parent / "application.toml"


def _lms() -> Template:
    from templates.lms import build

    return build(_application_toml())


def _lms_disposable() -> Template:
    from templates.lms import build

    return build(_application_toml(), disposable=True)


def _lms_in_vpc() -> Template:
    from templates.lms import build

    return build(_application_toml(), existing_network=True)


def _bootstrap() -> Template:
    from templates.bootstrap import build

    return build()


def _application_toml() -> str:
    from templates.application_settings import SettingsError

    try:
        return APPLICATION_TOML.read_text(encoding="utf-8")
    except OSError as error:
        why = f"cannot be read ({error.strerror}); it says which variables the application's image wants"
        raise SettingsError([("", why)]) from None
    except UnicodeDecodeError:
        raise SettingsError([("", "is no UTF-8 text")]) from None


TEMPLATES: Final[Mapping[str, Callable[[], Template]]] = {
    "lms": _lms,
    "lms-disposable": _lms_disposable,
    "lms-in-vpc": _lms_in_vpc,
    "bootstrap": _bootstrap,
}
