"""The service someone would write in an afternoon: FastAPI and asyncpg over the same schema, for comparison.

It checks a filing with Pydantic, looks its key up, and writes the same rows as Rectify in one transaction, statement by
statement, as an object-relational mapper does. It seals nothing, resolves no links, and knows no rules but the due days.

    RIVAL_DSN=postgresql:///rectify?host=… uvicorn rival:app --workers 2
"""

import datetime
import hashlib
import json
import os
import secrets
import uuid
from contextlib import asynccontextmanager
from typing import Literal

import asyncpg
from fastapi import FastAPI, Header, HTTPException, Response
from pydantic import BaseModel, Field


class Party(BaseModel):
    platform: str | None = Field(None, max_length=60)
    name: str | None = Field(None, max_length=200)


class Link(BaseModel):
    text: str = Field(max_length=4000)
    scene: str | None = Field(None, max_length=60)
    block: str | None = Field(None, max_length=60)
    control_text: str | None = Field(None, max_length=4000)


class Payment(BaseModel):
    method: str = Field(max_length=200)
    scene: str | None = Field(None, max_length=60)
    refusal: str | None = Field(None, max_length=60)


class Environment(BaseModel):
    app_version: str | None = Field(None, max_length=60)
    os: str | None = Field(None, max_length=60)
    region: str | None = Field(None, max_length=20)
    account_type: str | None = Field(None, max_length=60)


class Complainant(BaseModel):
    kind: str | None = None
    name: str | None = Field(None, max_length=200)
    phone: str | None = Field(None, max_length=40)
    email: str | None = Field(None, max_length=320)
    age_band: str | None = None


class Filing(BaseModel):
    campaign: str = Field(max_length=60)
    kind: Literal["blocked_link", "refused_payment", "other"]
    respondent: Party
    blocked_link: Link | None = None
    refused_payment: Payment | None = None
    category: str | None = None
    scenario: str | None = None
    narrative: str = Field(min_length=1, max_length=5000)
    remedy_sought: str | None = Field(None, max_length=2000)
    language: str | None = None
    occurred_on: datetime.date | None = None
    environment: Environment = Environment()
    complainant: Complainant | None = None


async def json_as_text(connection):
    await connection.set_type_codec("jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog")


@asynccontextmanager
async def lifespan(app):
    app.pool = await asyncpg.create_pool(os.environ["RIVAL_DSN"], min_size=8, max_size=8, init=json_as_text)
    campaign = await app.pool.fetchrow("SELECT id, prefix FROM campaign WHERE code = 'internet-2021'")
    app.campaign, app.prefix = campaign["id"], campaign["prefix"]
    app.companies = dict(await app.pool.fetch("SELECT DISTINCT ON (platform) platform, company FROM platform_ownership"))
    app.barrier = await app.pool.fetchval("SELECT id FROM barrier WHERE campaign_id = $1 LIMIT 1", app.campaign)
    yield
    await app.pool.close()


app = FastAPI(lifespan=lifespan)


@app.post("/v1/complaints", status_code=201)
async def file(filing: Filing, response: Response, idempotency_key: str = Header()):
    key = hashlib.sha256(idempotency_key.encode()).digest()
    code, salt = secrets.token_bytes(16), secrets.token_bytes(16)
    now = datetime.datetime.now(datetime.UTC)
    day, id = now.date(), uuid.uuid4()
    campaign, company = app.campaign, app.companies.get(filing.respondent.platform)
    due = day + datetime.timedelta(days=7)
    rule = {"unit": "working_days", "days": 5}
    contact = filing.complainant and (filing.complainant.phone or filing.complainant.email)
    async with app.pool.acquire() as db, db.transaction():
        known = await db.fetchrow(
            "SELECT status, sealed_response FROM idempotency_key WHERE principal = 'rival' AND key_hash = $1", key)
        if known:
            return Response(known["sealed_response"], known["status"], media_type="application/json")
        number = await db.fetchval("SELECT nextval('bench_number')")
        scene = filing.blocked_link.scene if filing.blocked_link else None
        await db.execute(
            """
            INSERT INTO complaint (campaign_id, id, number, version, kind, status, category, respondent_platform,
                respondent_company, respondent_name, scene, office, received_on, materials_on, changed_on, due_on,
                recorded_at, changed_at, narrative, remedy_sought, language, occurred_on, app_version, os, region,
                account_type, channel, tracking_hash, key_id)
            VALUES ($1, $2, $3, 1, $4, 'received', 'market_order', $5, $6, $7, $8, 'centre', $9, $9, $9, $10, $11, $11,
                $12, $13, $14, $15, $16, $17, $18, $19, 'public', $20, $21)
            """,
            campaign, id, number, filing.kind, filing.respondent.platform if company else None, company,
            filing.respondent.name, scene, day, due, now, filing.narrative, filing.remedy_sought, filing.language,
            filing.occurred_on, filing.environment.app_version, filing.environment.os, filing.environment.region,
            filing.environment.account_type,
            hashlib.sha256(code).digest(), uuid.uuid4())
        if filing.complainant:
            await db.execute(
                "INSERT INTO complaint_sealed (campaign_id, complaint_id, field, sealed) VALUES ($1, $2, 'identity', $3)",
                campaign, id, filing.complainant.model_dump_json().encode())
        if contact:
            await db.execute(
                "INSERT INTO contact_digest (campaign_id, complaint_id, kind, digest) VALUES ($1, $2, 'phone', $3)",
                campaign, id, hashlib.sha256(contact.encode()).digest()[:16])
        await db.execute(
            """
            INSERT INTO complaint_interval (campaign_id, complaint_id, sequence, written_by, effective_from, recorded_at,
                status, category, respondent_platform, respondent_company, office)
            VALUES ($1, $2, 1, 1, $3, $4, 'received', 'market_order', $5, $6, 'centre')
            """,
            campaign, id, day, now, filing.respondent.platform if company else None, company)
        for purpose in ("acceptance", "answer"):
            await db.execute(
                """
                INSERT INTO deadline (campaign_id, complaint_id, origin_id, purpose, rule, started_on, began_on, pauses,
                    due_on, is_provisional, state)
                VALUES ($1, $2, $2, $3, $4, $5, $5, '[]', $6, false, 'running')
                """,
                campaign, id, purpose, rule, day, due)
            await db.execute(
                """
                INSERT INTO deadline_interval (campaign_id, complaint_id, origin_id, purpose, sequence, written_by,
                    effective_from, recorded_at, started_on, due_on, state)
                VALUES ($1, $2, $2, $3, 1, 1, $4, $5, $4, $6, 'running')
                """,
                campaign, id, purpose, day, now, due)
        await db.execute(
            "INSERT INTO complaint_barrier (campaign_id, complaint_id, barrier_id, number) VALUES ($1, $2, $3, $4)",
            campaign, id, app.barrier, number)
        await db.execute(
            """
            INSERT INTO complaint_barrier_interval (campaign_id, complaint_id, barrier_id, sequence, written_by,
                effective_from, recorded_at, is_linked)
            VALUES ($1, $2, $3, 1, 1, $4, $5, true)
            """,
            campaign, id, app.barrier, day, now)
        await db.execute(
            """
            INSERT INTO event (campaign_id, case_id, sequence, case_kind, actor_kind, actor_role, action, details,
                changes, effective_on, recorded_at, salt, schema_version)
            VALUES ($1, $2, 1, 'complaint', 'complainant', 'public', 'file', $3, '{}', $4, $5, $6, 2)
            """,
            campaign, id, {"kind": filing.kind, "channel": "public"}, day, now, salt)
        body = {
            "reference": f"{app.prefix}-{number:07}", "tracking_code": code.hex(), "status": "received",
            "received_on": day.isoformat(), "due_on": due.isoformat(),
        }
        await db.execute(
            """
            INSERT INTO idempotency_key (principal, key_hash, fingerprint, recorded_at, status, sealed_response)
            VALUES ('rival', $1, $2, $3, 201, $4)
            """,
            key, hashlib.sha256(filing.model_dump_json().encode()).digest(), now, json.dumps(body).encode())
    response.headers["Location"] = f"/v1/complaints/{body['reference']}"
    return body


async def officer(authorization: str):
    token = hashlib.sha256(authorization.removeprefix("Bearer ").encode()).digest()
    if not await app.pool.fetchval("SELECT 1 FROM officer_token WHERE hash = $1 AND expires_at > now()", token):
        raise HTTPException(401)


COLUMNS = """c.number, c.version, c.kind, c.status, c.category, c.respondent_platform, c.respondent_company,
    c.target_platform, c.target_company, c.target_host, c.payment_method, c.office, c.priority, c.received_on, c.due_on,
    left(c.narrative, 80) AS excerpt"""


@app.get("/v1/complaints/{reference}")
async def read(reference: str, authorization: str = Header()):
    await officer(authorization)
    number = int(reference.split("-")[1])
    row = await app.pool.fetchrow("SELECT * FROM complaint c WHERE campaign_id = $1 AND number = $2", app.campaign, number)
    if not row:
        raise HTTPException(404)
    deadlines = await app.pool.fetch(
        "SELECT purpose, due_on, state FROM deadline WHERE campaign_id = $1 AND complaint_id = $2", app.campaign, row["id"])
    events = await app.pool.fetch(
        "SELECT action, effective_on FROM event WHERE campaign_id = $1 AND case_id = $2 ORDER BY sequence LIMIT 50",
        app.campaign, row["id"])
    body = {name: value for name, value in row.items() if not isinstance(value, bytes) and value is not None}
    return body | {"deadlines": [dict(one) for one in deadlines], "events": [dict(one) for one in events]}


@app.get("/v1/complaints")
async def page(authorization: str = Header(), page_size: int = 50):
    await officer(authorization)
    rows = await app.pool.fetch(
        f"SELECT {COLUMNS} FROM complaint c WHERE campaign_id = $1 ORDER BY number DESC LIMIT $2", app.campaign, page_size)
    return {"items": [dict(row) for row in rows]}
