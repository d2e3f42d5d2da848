"""Samples from an MQTT broker: topics `vitruvian/PATIENT/samples`; a message is acknowledged after it is durable.

The broker keeps what comes while this server is away (quality of service 1, a session that lasts), so that a message
is lost nowhere; one that comes twice changes nothing. A message that cannot be read is acknowledged and counted.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import Any
from urllib.parse import unquote, urlsplit

from pydantic import ValidationError

from vitruvian.core import Actor, InputError, StoreError, UnsupportedError
from vitruvian.record import Record
from vitruvian.serve.live.batch import BatchIn, batches
from vitruvian.serve.live.inlet import Inlet
from vitruvian.serve.server import Server

SENDER = Actor("mqtt", frozenset({"data_loader"}), "treatment")
_LOG = logging.getLogger("vitruvian.serve.live")
_AGAIN_S = 2.0
_UNDER_WAY = 200


async def follow_broker(server: Server, inlet: Inlet) -> None:
    """Take in what the broker of the settings sends, until cancelled; a lost connection is made again.

    Raises `InputError` for an address that is no broker's, `UnsupportedError` without the library.
    """
    mqtt = _library()
    told = urlsplit(str(server.settings.mqtt))
    if told.scheme not in ("mqtt", "mqtts") or not told.hostname:
        raise InputError("not a broker", got=told.scheme, allowed="mqtt://HOST[:PORT] or mqtts://…")
    secure = told.scheme == "mqtts"
    options: dict[str, Any] = {"hostname": told.hostname, "port": told.port or (8883 if secure else 1883)}
    options |= {"username": unquote(told.username or "") or None, "password": unquote(told.password or "") or None}
    options |= {"tls_params": mqtt.TLSParameters()} if secure else {}
    record, first = replace(server.record, actor=SENDER), told.path.strip("/") or "vitruvian"
    while True:
        try:
            client = mqtt.Client(identifier=f"{first}-server", clean_session=False, **options)
            client._client.manual_ack_set(True)
            async with client:
                await client.subscribe(f"{first}/+/samples", qos=1)
                await _messages(client, record, inlet, first)
        except mqtt.MqttError:
            _LOG.warning("the broker cannot be reached; trying again")
        await asyncio.sleep(_AGAIN_S)


async def _messages(client: Any, record: Record, inlet: Inlet, first: str) -> None:
    room = asyncio.Semaphore(_UNDER_WAY)

    async def one(message: Any) -> None:
        try:
            if await _kept(message, record, inlet, first):
                client._client.ack(message.mid, message.qos)
        finally:
            room.release()

    async with asyncio.TaskGroup() as group:
        async for message in client.messages:
            await room.acquire()
            group.create_task(one(message))


async def _kept(message: Any, record: Record, inlet: Inlet, first: str) -> bool:
    """Whether a message is done with: durable, or unreadable for ever."""
    name = str(message.topic).removeprefix(f"{first}/").removesuffix("/samples")
    try:
        given = BatchIn.model_validate_json(message.payload)
        subjects = await asyncio.to_thread(record.stream_subjects, [name])
        await inlet.put(record, batches(subjects[name], given))
    except (ValidationError, InputError) as error:
        _LOG.warning("a message was not accepted", extra={"fields": {"why": type(error).__name__}})
    except StoreError:
        return False  # the broker sends it again
    return True


def _library() -> Any:
    try:
        import aiomqtt
    except ImportError as error:
        todo = 'Install the extra: pip install "vitruvian[mqtt]".'
        raise UnsupportedError("MQTT needs another package", got=str(error), todo=todo) from error
    return aiomqtt
