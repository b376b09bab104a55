"""Prefect automations that tell people of a night that failed, and of one that never ran."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any
from uuid import UUID

from prefect.blocks.abstract import NotificationBlock
from prefect.blocks.notifications import CustomWebhookNotificationBlock
from prefect.client.orchestration import SyncPrefectClient
from prefect.events import AutomationCore, EventTrigger
from prefect.events.actions import SendNotification
from prefect.events.schemas.automations import Posture
from pydantic import SecretStr

from flows.notices import EmailNotice, FileNotice
from flows.pipeline import NOT_PUSHED, SKIPPED
from lienet.errors import InputError
from lienet.params.flows import Notify

SMTP_VARIABLE = "LIENET_SMTP"
"""The mail server, for notices by e-mail; not in params, since it holds a password."""
_FAILED, _NEVER_RAN = "lienet: a night failed", "lienet: a night never ran"
_OF_NIGHTS: dict[str, Any] = {
    "match": {"prefect.resource.id": "prefect.flow-run.*"},
    "match_related": {"prefect.resource.role": "deployment", "prefect.resource.name": "nightly"},
    "for_each": {"prefect.resource.id"},
    "threshold": 1,
}


def list_notices(notify: Notify) -> dict[str, NotificationBlock]:
    """Return the ways by which people are told, by name.

    Raises:
        InputError: e-mail is asked for, and no mail server is named.
    """
    found: dict[str, NotificationBlock] = {}
    if notify.webhook is not None:
        said = {"subject": "{{subject}}", "body": "{{body}}"}
        found["webhook"] = CustomWebhookNotificationBlock(
            name="lienet", url=notify.webhook, json_data=said, headers=None, cookies=None
        )
    if notify.email is not None:
        server = os.environ.get(SMTP_VARIABLE)
        if not server:
            raise InputError(
                "flows.notify.email needs a mail server",
                remedy=f"set {SMTP_VARIABLE}=smtp://USER:PASSWORD@HOST:PORT for make deploy",
            )
        found["email"] = EmailNotice(mailbox=notify.email, server=SecretStr(server))
    if notify.file is not None:
        found["file"] = FileNotice(path=notify.file)
    return found


def make_automations(client: SyncPrefectClient, notify: Notify) -> list[str]:
    """Make the automations, or bring them to what params say; return by what people are told.

    One that was switched off stays off. Where nobody is to be told, there are none.
    """
    notices = list_notices(notify)
    blocks = [_save(notice, f"lienet-{name}") for name, notice in notices.items()]
    failed = EventTrigger(
        expect={
            f"prefect.flow-run.{state}"
            for state in ("Failed", "Crashed", "TimedOut", NOT_PUSHED, SKIPPED)
        },
        posture=Posture.Reactive,
        **_OF_NIGHTS,
    )
    never_ran = EventTrigger(
        after={"prefect.flow-run.Late"},
        expect={f"prefect.flow-run.{state}" for state in ("Pending", "Running", "Cancelled")},
        posture=Posture.Proactive,
        within=timedelta(seconds=notify.late_after_s),
        **_OF_NIGHTS,
    )
    for name, trigger in ((_FAILED, failed), (_NEVER_RAN, never_ran)):
        found = client.read_automations_by_name(name)
        if not blocks:
            for each in found:
                client.delete_automation(each.id)
            continue
        is_on = all(each.enabled for each in found)
        automation = AutomationCore(
            name=name,
            enabled=is_on,
            trigger=trigger,
            actions=[_tell(block, name.removeprefix("lienet: ")) for block in blocks],
        )
        if found:
            client.update_automation(found[0].id, automation)
        else:
            client.create_automation(automation)
    return list(notices)


def _tell(block: UUID, what: str) -> SendNotification:
    body = (
        "{{ flow_run.name }}: {{ flow_run.state.name }}. {{ flow_run.state.message or '' }}\n"
        "{{ flow_run|ui_url }}"
    )
    return SendNotification(block_document_id=block, subject=f"lienet: {what}", body=body)


def _save(notice: NotificationBlock, name: str) -> UUID:
    saved: Any = notice.save(name, overwrite=True)
    return UUID(str(saved))
