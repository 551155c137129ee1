-- Orders as cases of their own. Nothing was ever written into the two tables before.

ALTER TABLE campaign_counter ADD COLUMN next_order bigint NOT NULL DEFAULT 1;

ALTER TABLE rectification_order
    ADD COLUMN number bigint NOT NULL,
    ADD COLUMN version integer NOT NULL,
    ADD COLUMN remarks integer NOT NULL DEFAULT 0,
    ADD COLUMN status text NOT NULL,
    -- The rungs that were climbed, each with its day and basis; `rung` is the highest.
    ADD COLUMN rungs jsonb NOT NULL,
    ADD COLUMN issued_by uuid REFERENCES officer (id),
    ADD COLUMN served_on date,
    ADD COLUMN acknowledged_on date,
    ADD COLUMN ended_on date,
    ADD COLUMN changed_on date NOT NULL,
    ADD COLUMN changed_at timestamptz NOT NULL,
    ADD CONSTRAINT rectification_order_number_is_unique UNIQUE (campaign_id, number),
    ADD CONSTRAINT rectification_order_status_is_known
        CHECK (status IN ('issued', 'served', 'acknowledged', 'breached', 'complied', 'rescinded')),
    ADD CONSTRAINT rectification_order_ends_when_done
        CHECK ((ended_on IS NOT NULL) = (status IN ('complied', 'rescinded')));

-- Serves the list of a company's orders.
CREATE INDEX rectification_order_by_company ON rectification_order (campaign_id, company, number DESC);
-- Serves the list of orders that stand.
CREATE INDEX rectification_order_by_status ON rectification_order (campaign_id, status, number DESC);

ALTER TABLE order_barrier
    -- Rule, start, extensions, due day, state.
    ADD COLUMN deadline jsonb NOT NULL,
    ADD COLUMN state text NOT NULL;

-- Serves: which orders stand on this barrier?
CREATE INDEX order_barrier_by_barrier ON order_barrier (campaign_id, barrier_id);
-- Serves the worker: which orders ran out?
CREATE INDEX order_barrier_by_due_day ON order_barrier (campaign_id, due_on) WHERE state = 'running';

-- What each order was, on both clocks.
CREATE TABLE order_interval (
    campaign_id    smallint    NOT NULL,
    order_id       uuid        NOT NULL,
    sequence       integer     NOT NULL,
    written_by     integer     NOT NULL,
    effective_from date        NOT NULL,
    recorded_at    timestamptz NOT NULL,
    retracted_at   timestamptz,
    status         text        NOT NULL,
    rung           text        NOT NULL,
    due_on         date        NOT NULL,
    PRIMARY KEY (campaign_id, order_id, sequence, written_by),
    CONSTRAINT order_interval_belongs
        FOREIGN KEY (campaign_id, order_id) REFERENCES rectification_order (campaign_id, id)
);

ALTER TABLE event DROP CONSTRAINT event_case_kind_is_known,
    ADD CONSTRAINT event_case_kind_is_known CHECK (case_kind IN ('complaint', 'barrier', 'order', 'campaign'));
