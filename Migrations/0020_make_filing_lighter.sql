-- Look-ups that a filing does not need, and that went the wrong way while the tables were small: the server plans its
-- look-up of a foreign key once in a session, and on an empty table every index looks as good as the right one.

-- A filing locks its complaint first and what belongs to it after; the same order here, so that neither waits for the other.
LOCK TABLE complaint IN ACCESS EXCLUSIVE MODE;

-- Ties are written with the complaint, or while it is locked; complaints are never deleted, which their trigger keeps true.
ALTER TABLE complaint_barrier DROP CONSTRAINT complaint_barrier_has_a_complaint;
-- Each has a tie beside it that names the barrier too.
ALTER TABLE complaint_barrier_interval DROP CONSTRAINT complaint_barrier_interval_has_a_barrier;

DROP INDEX complaint_is_filed_once;
ALTER INDEX complaint_is_filed_once_new RENAME TO complaint_is_filed_once;
