"""Secrets in a log are masked; what a person needs stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackproof.deployment.redaction import redact, words


@pytest.mark.parametrize(
    "line",
    [
        "DATABASE_URL=postgres://lms:hunter2@db:5432/lms",
        "connecting to redis://:hunter2@cache:6379",
        "password=hunter2",
        "db_password: hunter2",
        "{'password': 'hunter2', 'user': 'lms'}",
        '{"Secret": "hunter2 and more", "user": "lms"}',
        'token => "hun\\"ter2"',
        "PGPASSWORD=hunter2 psql",
        "Authorization: Bearer hunter2hunter2",
        "with header Bearer hunter2hunter2",
        "API-KEY: hunter2",
        "key eyJhbGciOiJIUzI1NiJ9.hunter2.signature",
        "AKIAIOSFODNN7hunter2 AKIAIOSFODNN7EXAMPLE",
        "sk_live_hunter2hunter2",
        "-----BEGIN RSA PRIVATE KEY----- hunter2",
        "the key is wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "session 0123456789abcdef0123456789abcdef",
        "value xK9fQ2mZ7pL4vB8nR3tY6w",
    ],
)
def test_what_looks_like_a_secret_is_masked(line: str) -> None:
    shown = redact(line)
    assert "****" in shown
    secrets = ["hunter2@", "hunter2 ", "hunter2'", "hun\\", "hunter2hunter2", "hunter2.", "hunter2 and", "wJalr"]
    secrets += ["AKIAIOSFODNN7EXAMPLE", "0123456789abcdef0", "xK9fQ2mZ7pL4vB8nR3tY6w"]
    assert [each for each in secrets if each in shown.replace("AKIAIOSFODNN7hunter2 ", "")] == []


@pytest.mark.parametrize(
    "line",
    [
        "Traceback (most recent call last):",
        '  File "/srv/app/lms/settings/production.py", line 12, in <module>',
        'django.db.utils.OperationalError: FATAL:  password authentication failed for user "lms"',
        "2026-03-14T03:00:00Z ERROR request 0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0 took 3000 ms",
        "NoSuchBucket: arn:aws:s3:::lms-uploads-production-bucket",
        "exec /usr/local/bin/streamlit: exec format error",
    ],
)
def test_what_tells_the_cause_stays(line: str) -> None:
    assert redact(line) == line


def test_a_line_is_bounded_and_moves_no_cursor() -> None:
    assert redact("a b " * 200) == ("a b " * 75) + "…"
    assert redact("\x1b[31mred\x07\ttab") == " [31mred  tab"


def test_of_aws_s_own_words_less_is_masked() -> None:
    said = "unable to pull secrets or registry auth: execution resource retrieval failed: ResourceNotFoundException"
    assert words(said) == said
    assert words("exec: --token=hunter2 postgres://lms:hunter2@db") == "exec: --token=**** postgres://lms:****@db"
    assert words("x" * 2000) == "x" * 1000 + "…"


@given(st.text(max_size=400))
def test_any_text_ends_up_bounded_and_printable(text: str) -> None:
    shown = redact(text)
    assert len(shown) <= 301
    assert shown.isprintable()


@given(
    st.sampled_from(["password", "DB_PASSWORD", "client-secret", "apiKey"]),
    st.from_regex(r"[A-Za-z0-9!?%*]{6,30}", fullmatch=True),
)
def test_a_value_with_a_telling_name_never_comes_through(name: str, value: str) -> None:
    for line in (f"{name}={value}", f'{name}: "{value}"', f"{{'{name}': '{value}'}}", f"x {name} = {value} y"):
        assert value not in redact(line)
