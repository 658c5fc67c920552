"""Handshakes of parties: certificates pinned, plans compared, and one transcript that all sign.

Every party sends each other one hello with the plan, its versions and 32 random bytes, the same to all. When
all have come, it signs the hash of all hellos in the plan's order, and checks every other signature with the
key of the pinned certificate. So each knows that all hold the same plan, take part in this run, and saw
the same hellos; a message of an earlier run is none of this one. No data has moved yet.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import secrets
import ssl
from importlib.metadata import PackageNotFoundError, version

from confide.core.foreign import in_one_line
from confide.core.version import VERSION as CONFIDE
from confide.mechanisms.share.joint.plan import VERSION, JointPlan, refuse_difference
from confide.mechanisms.share.refusals import RefusedError, listed
from confide.serve.parties.certificates import Identity, Meeting, check_signed, contexts, der
from confide.serve.parties.links import Kind, Link, parted

AGAIN = 0.05
"""Seconds between attempts to connect."""
NONCE = 32


async def connected(
    plan: Meeting, identity: Identity, *, name: str, listen: str | None = None
) -> dict[str, Link]:
    """A link to every other party, by name: earlier ones of the plan connect to later ones, which listen.

    Args:
        plan: the same everywhere.
        identity: of this party.
        name: of this party.
        listen: the address of this machine at which it listens; the plan's by default.

    Raises:
        RefusedError: if one does not come in time, or shows another certificate.
    """
    listening, connecting = contexts(plan, identity, name=name)
    links: dict[str, Link] = {}
    place = plan.names.index(name)
    awaited = set(plan.names[:place])
    pinned = {der(party.certificate): party.name for party in plan.parties}
    all_came = asyncio.Event()

    def came(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Who it is follows from the certificate; no number or name that the peer states is believed.
        who = pinned.get(shown(writer))
        if who not in awaited or who in links:
            writer.transport.abort()
            return
        links[who] = Link(name, who, reader, writer)
        if awaited <= set(links):
            all_came.set()

    port, host = plan.party(name).port, listen or plan.party(name).host
    try:
        server = await asyncio.start_server(came, host, port, ssl=listening) if awaited else None
    except OSError as fault:
        number = fault.errno or 0
        why = os.strerror(number) if number > 0 else in_one_line(fault)
        raise RefusedError(
            f"cannot listen at {host}:{port} ({why:.80}): free this port, or give an address of this machine "
            "by --listen."
        ) from None
    try:
        async with asyncio.timeout(plan.arrival):
            reaching = [_reach(plan, later, connecting, links, me=name) for later in plan.names[place + 1 :]]
            await asyncio.gather(*reaching, *([all_came.wait()] if awaited else []))
    except TimeoutError:
        gone = [other for other in plan.names if other != name and other not in links]
        await parted(links, gone[0])
        raise RefusedError(
            f"party {listed(gone)} did not come within {plan.arrival:g} s with the certificate that the plan "
            "pins for it: start it, and see that host and port are right.",
            parties=gone,
        ) from None
    except BaseException:
        for link in links.values():
            link.close()
        raise
    finally:
        if server is not None:
            server.close()
    return links


async def agreed(
    plan: JointPlan, identity: Identity, links: dict[str, Link], *, name: str
) -> dict[str, bytes]:
    """Compare plans and sign the handshake; the signatures of all, by name.

    Raises:
        RefusedError: naming who differs, and in what.
    """
    hello = json.dumps(
        {"party": name, "plan": plan.text, "nonce": secrets.token_hex(NONCE), "versions": versions()}
    ).encode()
    for link in links.values():
        link.send(Kind.HELLO, hello)
    hellos = {name: hello}
    # Of all at once: a party that is lost is noticed, however long another lets us wait.
    came = await asyncio.gather(*(link.expect(Kind.HELLO) for link in links.values()))
    for other, theirs in zip(links, came, strict=True):
        _check_hello(plan, theirs, party=other)
        hellos[other] = theirs
    seen = hashlib.sha256(b"confide joint handshake" + plan.digest)
    for party in plan.names:
        seen.update(hashlib.sha256(hellos[party]).digest())
    transcript = seen.digest()
    signatures = {name: identity.sign(_statement(name, transcript))}
    for link in links.values():
        link.send(Kind.SIGNED, signatures[name])
    came = await asyncio.gather(*(link.expect(Kind.SIGNED) for link in links.values()))
    for other, signature in zip(links, came, strict=True):
        pinned, signatures[other] = plan.party(other).certificate, signature
        check_signed(signature, _statement(other, transcript), certificate=pinned, party=other)
    return signatures


def versions() -> dict[str, str]:
    """What must be the same everywhere for messages to mean the same."""
    try:
        mpyc = version("mpyc")
    except PackageNotFoundError:
        mpyc = "none"
    return {"messages": str(VERSION), "confide": CONFIDE, "mpyc": mpyc}


def shown(writer: asyncio.StreamWriter) -> bytes:
    """The certificate that the other side proved to have the key of."""
    found = writer.get_extra_info("ssl_object")
    return (found.getpeercert(binary_form=True) or b"") if found is not None else b""


async def _reach(
    plan: Meeting, name: str, context: ssl.SSLContext, links: dict[str, Link], *, me: str
) -> None:
    party = plan.party(name)
    while True:
        try:
            reader, writer = await asyncio.open_connection(party.host, party.port, ssl=context)
        except ssl.SSLCertVerificationError:
            raise RefusedError(
                f"who answers at {party.host}:{party.port} shows a certificate that the plan does not have: "
                f"party {name!r:.60} was expected there.",
                parties=(name,),
            ) from None
        except OSError:
            await asyncio.sleep(AGAIN)
            continue
        if shown(writer) != der(party.certificate):
            writer.transport.abort()
            raise RefusedError(
                f"who answers at {party.host}:{party.port} shows the certificate of another party than "
                f"{name!r:.60}: the plan pins one for each.",
                parties=(name,),
            )
        links[name] = Link(me, name, reader, writer)
        return


def _check_hello(plan: JointPlan, hello: bytes, *, party: str) -> None:
    try:
        said = json.loads(hello)
        stated, theirs, built = said["party"], said["plan"], said["versions"]
        long_enough = len(said["nonce"]) == 2 * NONCE
    except (ValueError, KeyError, TypeError):
        raise RefusedError(
            f"party {party!r:.60} sent a hello that cannot be read.", parties=(party,)
        ) from None
    if stated != party or not long_enough:
        raise RefusedError(
            f"party {party!r:.60}, by its certificate, calls itself {stated!r:.60}: start it under its name.",
            parties=(party,),
        )
    refuse_difference(plan, str(theirs), party=party)
    if built != versions():
        raise RefusedError(
            f"party {party!r:.60} runs {built!r:.120}, and here it is {versions()}: install the same.",
            parties=(party,),
        )


def _statement(name: str, transcript: bytes) -> bytes:
    return b"confide joint party\0" + name.encode() + b"\0" + transcript
