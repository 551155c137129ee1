-- What a campaign is about and who is who. `rectify load` writes all of it from files; nothing else does.

CREATE TABLE campaign (
    id              smallint    PRIMARY KEY,
    code            text        NOT NULL,
    prefix          text        NOT NULL,
    name_zh         text        NOT NULL,
    name_en         text        NOT NULL,
    name_vi         text        NOT NULL,
    time_zone       text        NOT NULL,
    calendar_region text        NOT NULL,
    launched_on     date        NOT NULL,
    planned_end_on  date,
    -- Set by an officer; from the next day on the campaign takes no filings.
    closed_on       date,

    CONSTRAINT campaign_code_is_unique UNIQUE (code),
    -- References begin with the prefix, so it has to tell campaigns apart.
    CONSTRAINT campaign_prefix_is_unique UNIQUE (prefix),
    CONSTRAINT campaign_prefix_is_short CHECK (prefix ~ '^[A-Z][A-Z0-9]{1,7}$'),
    CONSTRAINT campaign_closes_after_launch CHECK (closed_on >= launched_on)
);

-- The next numbers of a campaign, apart from it so that handing them out locks nothing that others read.
CREATE TABLE campaign_counter (
    campaign_id    smallint PRIMARY KEY REFERENCES campaign (id),
    next_complaint bigint   NOT NULL DEFAULT 1,
    next_barrier   bigint   NOT NULL DEFAULT 1
);

CREATE TABLE category (
    campaign_id smallint NOT NULL REFERENCES campaign (id),
    code        text     NOT NULL,
    position    smallint NOT NULL,
    name_zh     text     NOT NULL,
    name_en     text     NOT NULL,
    name_vi     text     NOT NULL,
    is_official boolean  NOT NULL,
    PRIMARY KEY (campaign_id, code)
);

CREATE TABLE scenario (
    campaign_id   smallint NOT NULL REFERENCES campaign (id),
    code          text     NOT NULL,
    category_code text     NOT NULL,
    name_zh       text     NOT NULL,
    name_en       text     NOT NULL,
    name_vi       text     NOT NULL,
    -- Whether the regulator printed it. Most of the announced scenarios never were.
    is_official   boolean  NOT NULL,
    PRIMARY KEY (campaign_id, code),
    CONSTRAINT scenario_has_a_category FOREIGN KEY (campaign_id, category_code) REFERENCES category (campaign_id, code)
);

CREATE TABLE deadline_rule (
    campaign_id        smallint NOT NULL REFERENCES campaign (id),
    code               text     NOT NULL,
    effective_from     date     NOT NULL,
    effective_to       date,
    limit_count        integer  NOT NULL,
    limit_unit         text     NOT NULL,
    roll_if_nonworking boolean  NOT NULL,
    basis              text     NOT NULL,
    PRIMARY KEY (campaign_id, code, effective_from),
    CONSTRAINT deadline_rule_unit_is_known CHECK (limit_unit IN ('working_days', 'calendar_days')),
    CONSTRAINT deadline_rule_limit_is_positive CHECK (limit_count BETWEEN 1 AND 3660)
);

CREATE TABLE calendar_year (
    region text     NOT NULL,
    year   smallint NOT NULL,
    PRIMARY KEY (region, year)
);

-- Days that differ from the ordinary week: a weekday off, or a weekend day worked.
CREATE TABLE calendar_day (
    region     text    NOT NULL,
    day        date    NOT NULL,
    is_working boolean NOT NULL,
    PRIMARY KEY (region, day)
);

CREATE TABLE company (
    code    text   PRIMARY KEY,
    name_zh text   NOT NULL,
    name_en text   NOT NULL,
    parent  text   REFERENCES company (code),
    uscc    text,
    aliases text[] NOT NULL,
    CONSTRAINT company_is_not_its_own_parent CHECK (parent <> code),
    CONSTRAINT company_uscc_has_18_characters CHECK (uscc ~ '^[0-9A-HJ-NP-RTUW-Y]{18}$')
);

CREATE TABLE platform (
    code    text   PRIMARY KEY,
    name_zh text   NOT NULL,
    name_en text   NOT NULL,
    aliases text[] NOT NULL
);

-- Who runs a platform, over time: the end day is the first on which it no longer holds.
CREATE TABLE platform_ownership (
    platform   text NOT NULL REFERENCES platform (code),
    position   smallint NOT NULL,
    company    text NOT NULL REFERENCES company (code),
    valid_from date,
    valid_to   date,
    PRIMARY KEY (platform, position),
    CONSTRAINT platform_ownership_ends_after_it_begins CHECK (valid_to > valid_from)
);

-- A domain suffix that names a platform, or only a company, or, as a generic short link, neither.
CREATE TABLE host (
    host     text PRIMARY KEY,
    platform text REFERENCES platform (code),
    company  text REFERENCES company (code),
    CONSTRAINT host_names_one_owner_at_most CHECK (platform IS NULL OR company IS NULL),
    CONSTRAINT host_is_an_a_label CHECK (host = lower(host) AND host ~ '^[a-z0-9.-]+$')
);

CREATE TABLE payment_method (
    code    text   PRIMARY KEY,
    name_zh text   NOT NULL,
    name_en text   NOT NULL,
    company text   NOT NULL REFERENCES company (code),
    kind    text   NOT NULL,
    aliases text[] NOT NULL,
    CONSTRAINT payment_method_kind_is_known CHECK (kind IN ('wallet', 'card', 'credit_line', 'cbdc', 'device_wallet'))
);

-- Every version of everything above that was ever loaded: what a report known at an earlier moment reads.
CREATE TABLE reference_version (
    kind        text        NOT NULL,
    code        text        NOT NULL,
    recorded_at timestamptz NOT NULL,
    document    jsonb       NOT NULL,
    PRIMARY KEY (kind, code, recorded_at)
);
