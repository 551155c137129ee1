SET LOCAL ROLE rectify_owner;

-- When the next round has to have begun: later than that, no server has a worker that works.
ALTER TABLE worker_lease ADD COLUMN next_round_by timestamptz;
