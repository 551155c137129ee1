SET LOCAL ROLE rectify_owner;

-- A run that was proposed by mistake, or has to stop: what it has done stays done, and the rest is left alone.
ALTER TABLE disposal
    ADD withdrawn_by uuid REFERENCES officer (id),
    ADD withdrawn_at timestamptz,
    ADD CONSTRAINT disposal_is_withdrawn_whole CHECK ((withdrawn_by IS NULL) = (withdrawn_at IS NULL));

GRANT UPDATE (withdrawn_by, withdrawn_at) ON disposal TO rectify_staff;
