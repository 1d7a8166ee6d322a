"""A secret is shown by nothing but the one method that reveals it."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import traceback

import pytest
from entrusted import PASSWORD

from harvester.custody.secret import Secret


def test_a_secret_is_revealed_by_its_method_only() -> None:
    secret = Secret(PASSWORD)
    assert secret.reveal() == PASSWORD
    shown = [
        f"{secret}",
        f"{secret:>40}",
        f"{secret!r}",
        str([secret]),
        "%s" % secret,  # noqa: UP031 - as a log would
        json.dumps({"a": secret}, default=str),
    ]
    assert {text.strip() for text in shown} == {
        "Secret(…)",
        "[Secret(…)]",
        '{"a": "Secret(\\u2026)"}',
    }
    assert not hasattr(secret, "__dict__")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_secret_is_not_pickled(protocol: int) -> None:
    with pytest.raises(TypeError) as caught:
        pickle.dumps(Secret(PASSWORD), protocol)
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize("act", [copy.copy, copy.deepcopy, json.dumps, bytes, list, "".join])
def test_a_secret_is_not_copied_or_written_out_by_accident(act: object) -> None:
    with pytest.raises(TypeError) as caught:
        act(Secret(PASSWORD))  # type: ignore[operator]
    assert PASSWORD not in str(caught.value)


def test_no_trace_back_with_its_variables_and_no_log_shows_a_secret(
    caplog: pytest.LogCaptureFixture,
) -> None:
    secret = Secret(PASSWORD)
    try:
        _fail(secret)
    except ZeroDivisionError as error:
        told = traceback.TracebackException.from_exception(error, capture_locals=True)
        logging.getLogger("any").exception("it was %s", secret)
    assert "Secret(…)" in "".join(told.format())
    assert PASSWORD not in "".join(told.format())
    assert PASSWORD not in caplog.text


def _fail(held: Secret) -> float:
    return len(f"{held}") / 0
