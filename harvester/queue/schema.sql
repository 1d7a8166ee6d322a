-- What the queue keeps beside Procrastinate's own tables.

-- One row for each harvest that was asked for, so that none is asked for twice a night.
CREATE TABLE harvester_harvest (
    member text NOT NULL,
    work text NOT NULL,
    night text NOT NULL,
    job bigint REFERENCES procrastinate_jobs (id) ON DELETE CASCADE,
    state text,
    dead boolean NOT NULL DEFAULT false,
    tries integer NOT NULL DEFAULT 0,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (member, work, night)
);
CREATE INDEX harvester_harvest_job ON harvester_harvest (job);

-- Requests to an origin that were made, or may still be; each row counts until its time is over.
CREATE TABLE harvester_pace (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    origin text NOT NULL,
    requests integer NOT NULL,
    until timestamptz NOT NULL
);
CREATE INDEX harvester_pace_origin ON harvester_pace (origin, until);

-- Settle a session's last turn (it made so many requests) and give it the next one, which may make
-- `_step`: `turn` is its number, or null where it has to wait so many seconds and ask again; both
-- are null for an attempt that is no longer the job's own.
CREATE FUNCTION harvester_turn(
    _origin text, _limit integer, _step integer, _last bigint, _made integer,
    _job bigint, _worker bigint, _tries integer, OUT turn bigint, OUT wait double precision
) LANGUAGE plpgsql AS $$
DECLARE
    at timestamptz;
    spent bigint;
    soonest timestamptz;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(_origin, 0));
    at := clock_timestamp();
    DELETE FROM harvester_pace WHERE origin = _origin AND (id = _last OR until <= at);
    IF _made > 0 THEN
        INSERT INTO harvester_pace (origin, requests, until)
            VALUES (_origin, _made, at + interval '10 seconds');
    END IF;
    IF NOT EXISTS (
        SELECT FROM procrastinate_jobs
            WHERE id = _job AND worker_id = _worker AND attempts = _tries AND status = 'doing'
    ) THEN
        RETURN;
    END IF;
    SELECT coalesce(sum(requests), 0), min(until) INTO spent, soonest
        FROM harvester_pace WHERE origin = _origin;
    IF spent + _step <= _limit THEN
        INSERT INTO harvester_pace (origin, requests, until)
            VALUES (_origin, _step, at + interval '60 seconds') RETURNING id INTO turn;
    ELSE
        wait := extract(epoch FROM soonest - at);
    END IF;
END;
$$;
